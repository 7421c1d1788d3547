module bugs

go 1.25
