package p

type step func(*W) step

type W struct{ n int }

func (w *W) Run(s step) {
	for s != nil {
		s = s(w)
	}
}
