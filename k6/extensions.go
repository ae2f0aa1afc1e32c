package main

// Blank imports of further k6 extensions. To add one, in this directory:
//
//  1. go get example.com/xk6-something@latest
//  2. add the line _ "example.com/xk6-something" below
//  3. go build -trimpath -o <path of the binary> ./
//
// The extension must support k6 v2. It is then part of the k6 of every task.
import ()
