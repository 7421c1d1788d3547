module twins

go 1.25
