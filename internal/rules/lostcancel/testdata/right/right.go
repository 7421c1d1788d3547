package workerpool

import (
	"context"
	"time"
)

func Run(task func(context.Context) error, quick bool) error {
	if quick {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	return task(ctx)
}
