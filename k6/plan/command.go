// Package plan implements the subcommand `k6 x fleet`. It prints as JSON what only k6's own code knows.
package plan

import (
	"encoding/json"
	"fmt"
	"io"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"
	"go.k6.io/k6/v2/cmd/state"
	"go.k6.io/k6/v2/errext/exitcodes"
	"go.k6.io/k6/v2/subcommand"
)

// protocol is the version of what the fleet output writes, and of what this subcommand reads and prints.
const protocol = 1

func init() {
	subcommand.RegisterExtension("fleet", newCommand)
}

func newCommand(gs *state.GlobalState) *cobra.Command {
	run := func(respond responder) func(*cobra.Command, []string) {
		return func(*cobra.Command, []string) {
			if err := printResponse(gs.Stdin, gs.Stdout, respond); err != nil {
				line := strings.Join(strings.Fields(err.Error()), " ")
				_, _ = fmt.Fprintln(gs.Stderr, "k6 x fleet:", line)
				gs.OSExit(int(exitcodes.InvalidConfig))
			}
		}
	}
	fleet := &cobra.Command{
		Use: "fleet", Short: "Commands that k6-fleet uses", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	fleet.AddCommand(
		&cobra.Command{
			Use: "version", Short: "Print the versions of k6 and of the protocol", Args: cobra.NoArgs, Run: run(version),
		},
		&cobra.Command{
			Use: "plan", Short: "Split the options on stdin, as JSON, into tasks", Args: cobra.NoArgs, Run: run(readPlan),
		},
	)
	return fleet
}

// responder returns the response to the request on stdin.
type responder func(io.Reader) (any, error)

func printResponse(in io.Reader, out io.Writer, respond responder) error {
	response, err := respond(in)
	if err != nil {
		return err
	}
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	return encoder.Encode(response)
}

func version(io.Reader) (any, error) {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return nil, fmt.Errorf("this binary has no build information")
	}
	for _, module := range info.Deps {
		if module.Path == "go.k6.io/k6/v2" {
			if module.Replace != nil {
				module = module.Replace
			}
			return struct {
				K6       string `json:"k6"`
				Protocol int    `json:"protocol"`
			}{module.Version, protocol}, nil
		}
	}
	return nil, fmt.Errorf("this binary's build information does not name the version of k6")
}
