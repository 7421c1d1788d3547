package judge

import (
	"runtime"
	"runtime/debug"

	"racebench/internal/result"
)

// version is the release that these sources are, or lead up to.
const version = "0.1.0"

// Version names the release and, where the build knows it, the commit.
func Version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return version
	}
	commit, dirty := "", ""
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			commit = s.Value
		case "vcs.modified":
			if s.Value == "true" {
				dirty = "+changes"
			}
		}
	}
	if len(commit) < 12 {
		return version
	}
	return version + "-" + commit[:12] + dirty
}

func tool() result.Tool {
	return result.Tool{Version: Version(), GoVersion: runtime.Version(), OS: runtime.GOOS, Arch: runtime.GOARCH, CPUs: runtime.NumCPU()}
}
