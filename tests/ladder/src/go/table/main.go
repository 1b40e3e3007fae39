// init() asks, and fills a variable that holds a function.
package main

import (
	"fmt"
	"os"
)

func rich(x uint32) uint32

//go:noinline
func plain(x uint32) uint32 { return x + 1 }

var work = plain

func init() {
	if has() {
		work = rich
	}
}

func main() { fmt.Println("done", work(uint32(len(os.Args)))) }
