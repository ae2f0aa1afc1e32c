// Package plan is the subcommand `k6 x fleet`: it answers, in JSON, what only k6's own code knows.
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

// protocol is the version of the lines that the fleet output writes, and of what this subcommand reads and prints.
const protocol = 1

func init() {
	subcommand.RegisterExtension("fleet", newCommand)
}

func newCommand(gs *state.GlobalState) *cobra.Command {
	answer := func(make func(io.Reader) (any, error)) func(*cobra.Command, []string) {
		return func(*cobra.Command, []string) {
			if err := respond(gs.Stdin, gs.Stdout, make); err != nil {
				line := strings.Join(strings.Fields(err.Error()), " ")
				_, _ = fmt.Fprintln(gs.Stderr, "k6 x fleet:", line)
				gs.OSExit(int(exitcodes.InvalidConfig))
			}
		}
	}
	fleet := &cobra.Command{
		Use: "fleet", Short: "Answer questions of k6-fleet", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	fleet.AddCommand(
		&cobra.Command{
			Use: "version", Short: "Print the versions of k6 and of the protocol", Args: cobra.NoArgs, Run: answer(version),
		},
		&cobra.Command{
			Use: "plan", Short: "Split options, read from stdin as JSON, over tasks", Args: cobra.NoArgs, Run: answer(readPlan),
		},
	)
	return fleet
}

func respond(in io.Reader, out io.Writer, make func(io.Reader) (any, error)) error {
	answer, err := make(in)
	if err != nil {
		return err
	}
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	return encoder.Encode(answer)
}

func version(io.Reader) (any, error) {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return nil, fmt.Errorf("this binary was built without its modules' versions")
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
	return nil, fmt.Errorf("this binary does not say which k6 is in it")
}
