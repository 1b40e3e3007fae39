// Nobody asks.
package main

import (
	"fmt"
	"os"
)

func rich(x uint32) uint32

func main() { fmt.Println("done", rich(uint32(len(os.Args)))) }
