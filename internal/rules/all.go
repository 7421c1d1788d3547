package rules

import (
	"racebench/internal/rules/addingo"
	"racebench/internal/rules/atomicassign"
	"racebench/internal/rules/callback"
	"racebench/internal/rules/checkact"
	"racebench/internal/rules/condbare"
	"racebench/internal/rules/condif"
	"racebench/internal/rules/copylocks"
	"racebench/internal/rules/deferloop"
	"racebench/internal/rules/endless"
	"racebench/internal/rules/globallock"
	"racebench/internal/rules/guarded"
	"racebench/internal/rules/internalreturned"
	"racebench/internal/rules/loadstore"
	"racebench/internal/rules/lockorder"
	"racebench/internal/rules/lockpercall"
	"racebench/internal/rules/lostcancel"
	"racebench/internal/rules/mixedatomic"
	"racebench/internal/rules/relock"
	"racebench/internal/rules/rlockwrite"
	"racebench/internal/rules/sendlocked"
	"racebench/internal/rules/sleepsync"
	"racebench/internal/rules/spin"
	"racebench/internal/rules/trylock"
	"racebench/internal/rules/twolocks"
	"racebench/internal/rules/unlockkind"
	"racebench/internal/rules/unlockmissing"
	"racebench/internal/rules/waitgroup"
)

// All lists the rules in the order of their IDs.
func All() []Rule {
	return []Rule{
		guarded.Rule,
		rlockwrite.Rule,
		twolocks.Rule,
		lockpercall.Rule,
		unlockmissing.Rule,
		unlockkind.Rule,
		relock.Rule,
		deferloop.Rule,
		callback.Rule,
		checkact.Rule,
		loadstore.Rule,
		addingo.Rule,
		condif.Rule,
		internalreturned.Rule,
		trylock.Rule,
		lockorder.Rule,
		condbare.Rule,
		sendlocked.Rule,
		copylocks.Rule,
		waitgroup.Rule,
		lostcancel.Rule,
		atomicassign.Rule,
		sleepsync.Rule,
		spin.Rule,
		globallock.Rule,
		endless.Rule,
		mixedatomic.Rule,
	}
}
