package p

type step func() step

func Run(first step) {
	s := func() step { return first }()
	func() {
		for s != nil {
			s = s()
		}
	}()
}
