// The standard library's own questions: internal/cpu behind hashes, ciphers, searches and big numbers.
package main

import (
	"bytes"
	"compress/flate"
	"crypto/aes"
	"crypto/cipher"
	"crypto/ed25519"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"fmt"
	"hash/crc32"
	"math/big"
	"strings"
)

func main() {
	text := bytes.Repeat([]byte("the quick brown fox jumps over the lazy dog "), 3000)
	block, _ := aes.NewCipher(text[:32])
	gcm, _ := cipher.NewGCM(block)
	sealed := gcm.Seal(nil, text[:12], text, nil)
	key := ed25519.NewKeyFromSeed(text[:32])
	var packed bytes.Buffer
	w, _ := flate.NewWriter(&packed, 6)
	w.Write(text)
	w.Close()
	x := new(big.Int).Exp(big.NewInt(3), new(big.Int).SetBytes(text[:64]), new(big.Int).SetBytes(text[7:103]))
	fmt.Printf("done %x %x %x %x %x\n", sha256.Sum256(text), sha512.Sum512(text), sha1.Sum(text), crc32.ChecksumIEEE(text),
		crc32.Checksum(text, crc32.MakeTable(crc32.Castagnoli)))
	fmt.Printf("done %x %x %d %d %x %d\n", sha256.Sum256(sealed), ed25519.Sign(key, text), bytes.Count(text, []byte("o")),
		strings.Index(string(text), "lazy cat"), x, packed.Len())
}
