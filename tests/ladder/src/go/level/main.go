// Work that the compiler does with what the level it builds for has.
package main

import (
	"fmt"
	"math"
	"math/bits"
	"os"
	"sync/atomic"
)

var count atomic.Uint32

//go:noinline
func ones(numbers []uint64) (sum int) {
	for _, x := range numbers {
		sum += bits.OnesCount64(x) + bits.LeadingZeros64(x) + bits.TrailingZeros64(x|1<<40) + int(bits.ReverseBytes64(x)&7)
		sum += int(x>>(uint(sum)&63)&3) + int(x&^(x>>3)&1)
	}
	return sum
}

//go:noinline
func fused(numbers []float64) (sum float64) {
	for _, x := range numbers {
		sum = math.FMA(x, 0.5, sum) + math.Floor(x*0.3)
	}
	return sum
}

func main() {
	numbers, reals := make([]uint64, 256), make([]float64, 256)
	for i := range numbers {
		numbers[i], reals[i] = uint64(i*0x1234567*len(os.Args)), float64(i)
		count.Add(1)
	}
	fmt.Println("done", ones(numbers), fused(reals), count.Load())
}
