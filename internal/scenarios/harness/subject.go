package harness

import (
	"fmt"
	"reflect"
)

// makers are functions func(size int) T, by the type T.
var makers = map[reflect.Type]any{}

// Register says how subjects of one type are made: a candidate's caches of one kind
// of key and value, say, as the scenarios see them. It is called before any scenario
// runs, and returns how they were made before, nil where nobody had said.
func Register[T any](make func(size int) T) (before func(size int) T) {
	before, _ = makers[reflect.TypeFor[T]()].(func(int) T)
	makers[reflect.TypeFor[T]()] = make
	return before
}

// NewSubject makes a subject.
func NewSubject[T any](size int) T {
	make, ok := makers[reflect.TypeFor[T]()].(func(int) T)
	if !ok {
		panic(fmt.Sprintf("harness: nobody has said how a %v is made", reflect.TypeFor[T]()))
	}
	return make(size)
}
