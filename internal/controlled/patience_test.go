package controlled

import "testing"

func TestPolls(t *testing.T) {
	for body, want := range map[string]bool{
		`<-done`: false,
		`select { case <-done: case <-time.After(time.Second): }`:                        false,
		`alarm := time.AfterFunc(time.Minute, wake); defer alarm.Stop(); for { wait() }`: false,
		`for !ready() { time.Sleep(time.Millisecond) }`:                                  true,
		`time.Sleep(time.Millisecond)`:                                                   true,
		`for { select { case <-done: return; case <-time.After(time.Second): } }`:        true,
		`for range 3 { for range 3 { func() { time.NewTimer(1) }() } }`:                  true,
		`again: select { case <-done: case <-time.After(1): goto again }`:                true,
		`tick := time.NewTicker(time.Second); <-tick.C`:                                  true,
		`for { ctx, stop := context.WithTimeout(ctx, 1); stop() }`:                       true,
		`this is no Go`: true,
	} {
		sources := map[string][]byte{"cache/cache.go": []byte("package cache\n\nfunc f() {\n" + body + "\n}\n")}
		if got := polls(sources); got != want {
			t.Errorf("%s: %v", body, got)
		}
	}
}
