// SPDX-License-Identifier: Apache-2.0

// Server is the application of the guides: it wants port 80, and says what it gets.
package main

import (
	"fmt"
	"net"
	"time"
)

func main() {
	said := ""
	for {
		l, err := net.Listen("tcp", ":80")
		words := "listening on port 80"
		if err != nil {
			words = err.Error()
		}
		if words != said {
			fmt.Println("my-app:", words)
			said = words
		}
		for err == nil {
			var c net.Conn
			if c, err = l.Accept(); err == nil {
				c.Close()
			}
		}
		time.Sleep(time.Second)
	}
}
