package main

// More k6 extensions, one blank import each. To add one, in this folder:
//
//  1. go get example.com/xk6-something@latest
//  2. add the line _ "example.com/xk6-something" below
//  3. go build -trimpath -o <path of the binary> ./
//
// The extension must be made for k6 v2, and every task then carries it.
import ()
