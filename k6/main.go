// Command k6 is k6 with the extensions of k6-fleet.
package main

import (
	"go.k6.io/k6/v2/cmd"

	_ "k6-fleet/k6/fleet" // the output `--out fleet=…`
	_ "k6-fleet/k6/plan"  // the subcommand `k6 x fleet`
	_ "k6-fleet/k6/probe" // the JavaScript module `k6/x/fleet`
)

func main() {
	cmd.Execute()
}
