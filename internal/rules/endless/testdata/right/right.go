package workerpool

type Pool struct {
	tasks chan func()
}

func (p *Pool) Start() {
	go p.work()
}

func (p *Pool) work() {
	for task := range p.tasks {
		task()
	}
}

func (p *Pool) Close() { close(p.tasks) }
