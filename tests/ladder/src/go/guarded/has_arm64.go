package main

import "golang.org/x/sys/cpu"

func has() bool { return cpu.ARM64.HasASIMDDP }
