package main

import "golang.org/x/sys/cpu"

func has() bool { return cpu.X86.HasAVX2 }
