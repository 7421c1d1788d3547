package workerpool

import (
	"context"
	"time"
)

func Run(task func(context.Context) error, quick bool) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second) // want
	if quick {
		return nil // want
	}
	defer cancel()
	return task(ctx)
}
