// golang.org/x/sys/cpu is asked, then assembly is called.
package main

import (
	"fmt"
	"os"

	"golang.org/x/sys/cpu"
)

func rich(x uint32) uint32

//go:noinline
func plain(x uint32) uint32 { return x + 1 }

func main() {
	x := uint32(len(os.Args))
	if has() {
		x = rich(x)
	} else {
		x = plain(x)
	}
	fmt.Println("done", x, cpu.Initialized)
}
