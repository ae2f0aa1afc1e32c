package fleet

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// config is the argument of `--out fleet=fd=3,cell=1s,flush=1s,redact=TOKEN+KEY,groups=false`.
type config struct {
	// fd is the pipe or socket, opened by the parent process, that lines are written to. Tests and benchmarks write to the
	// file at path instead.
	fd   int
	path string
	// cell is the width of a cell, in whole seconds.
	cell time.Duration
	// flush is how often a line is written.
	flush time.Duration
	// redact names the environment variables whose values are secrets, each percent-encoded.
	redact []string
	// groups keeps the scenario and the group of every sample, for the sections of `--summary-mode full`.
	groups bool
}

const (
	minCell  = time.Second
	minFlush = 100 * time.Millisecond
)

func parseConfig(argument string) (config, error) {
	c := config{cell: time.Second, flush: time.Second}
	for _, part := range strings.Split(argument, ",") {
		name, value, _ := strings.Cut(part, "=")
		var err error
		switch name {
		case "fd":
			if c.fd, err = strconv.Atoi(value); err != nil || c.fd < 3 {
				return config{}, fmt.Errorf("fd=%s: must be a file descriptor of 3 or higher, such as fd=3", value)
			}
		case "path":
			c.path = value
		case "cell":
			if c.cell, err = time.ParseDuration(value); err != nil || c.cell < minCell || c.cell%time.Second != 0 {
				return config{}, fmt.Errorf("cell=%s: must be a whole number of seconds, such as cell=1s", value)
			}
		case "flush":
			if c.flush, err = time.ParseDuration(value); err != nil || c.flush < minFlush {
				return config{}, fmt.Errorf("flush=%s: must be a duration of at least %s, such as flush=1s", value, minFlush)
			}
		case "redact":
			for _, encoded := range strings.Split(value, "+") {
				variable, err := url.PathUnescape(encoded)
				if err != nil || variable == "" {
					return config{}, fmt.Errorf("redact=%s: must name environment variables, such as redact=TOKEN+KEY", value)
				}
				c.redact = append(c.redact, variable)
			}
		case "groups":
			if c.groups, err = strconv.ParseBool(value); err != nil {
				return config{}, fmt.Errorf("groups=%s: must be true or false", value)
			}
		default:
			return config{}, fmt.Errorf(
				"unknown option %q: use fd=N or path=FILE, and cell=DURATION, flush=DURATION, redact=NAMES, groups=BOOL", part)
		}
	}
	if (c.fd == 0) == (c.path == "") {
		return config{}, fmt.Errorf("exactly one of fd=N and path=FILE is required, got %q", argument)
	}
	return c, nil
}
