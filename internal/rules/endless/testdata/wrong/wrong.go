package workerpool

type Pool struct {
	tasks chan func()
}

func (p *Pool) Start() {
	go p.work() // want
}

func (p *Pool) work() {
	for {
		task := <-p.tasks
		task()
	}
}
