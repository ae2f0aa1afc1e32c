package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"k6-fleet/k6/fleet"
)

// asK6 turns the test binary into the k6 that it tests.
const asK6 = "K6_FLEET_TEST_AS_K6"

func TestMain(m *testing.M) {
	if os.Getenv(asK6) != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

func k6(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self, args...)
	cmd.Env = append(os.Environ(), asK6+"=1", "K6_AUTO_EXTENSION_RESOLUTION=false", "K6_NO_USAGE_REPORT=true")
	return cmd
}

func script(t *testing.T, source string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "script.js")
	if err := os.WriteFile(path, []byte(source), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// sum returns the sum of a counter over all lines.
func sum(lines []fleet.Line, metric string) (total float64) {
	for _, line := range lines {
		for _, cell := range line.Cells {
			for _, m := range cell.Metrics {
				for _, s := range m.Series {
					if m.Name == metric {
						total += s.Values.(map[string]any)["sum"].(float64)
					}
				}
			}
		}
	}
	return total
}

func TestRunWritesCellsOfAllSamples(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	defer server.Close()
	path := script(t, `
		import http from 'k6/http';
		import { Trend } from 'k6/metrics';
		const mine = new Trend('mine');
		export const options = {
			scenarios: { load: { executor: 'shared-iterations', vus: 3, iterations: 60 } },
			thresholds: { 'http_req_duration{status:404}': ['p(95)<inf'], mine: ['p(10)<1'], http_reqs: ['count>1'] },
		};
		export default function () { http.get('`+server.URL+`'); mine.add(-1); mine.add(Infinity); }`)
	// k6's own thresholds and summary create the same sub-metrics.
	for name, flags := range map[string][]string{
		"alone":           {"--no-thresholds", "--no-setup", "--no-teardown", "--summary-mode=disabled"},
		"with thresholds": {},
	} {
		out := filepath.Join(t.TempDir(), "lines")
		cmd := k6(t, slices.Concat([]string{"run", "--quiet", "--out", "fleet=path=" + out}, flags, []string{path})...)
		if log, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", name, err, log)
		}
		lines := readLines(t, out)
		if got := sum(lines, "http_reqs"); got != 60 {
			t.Errorf("%s: %v requests, want 60", name, got)
		}
		if got := sum(lines, "iterations"); got != 60 {
			t.Errorf("%s: %v iterations, want 60", name, got)
		}
		selected := map[string]float64{}
		for _, line := range lines {
			for _, cell := range line.Cells {
				for _, k := range cell.Keys {
					for _, p := range k.Pivots {
						selected[k.Key] += float64(p.Below + p.Equal)
						if p.MinAbove != nil {
							selected[k.Key]++ // at least
						}
					}
				}
			}
		}
		if selected["http_req_duration{status:404}"] != 60 || selected["mine"] < 60 {
			t.Errorf("%s: the keys selected %v", name, selected)
		}
	}
}

func readLines(t *testing.T, path string) (lines []fleet.Line) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for raw := range bytes.Lines(data) {
		var line fleet.Line
		if err := json.Unmarshal(raw, &line); err != nil {
			t.Fatal(err)
		}
		lines = append(lines, line)
	}
	return lines
}

func TestRunStopsWhenItsWorkerDies(t *testing.T) {
	path := script(t, `
		import { sleep } from 'k6';
		export const options = { duration: '10m', gracefulStop: '0s' };
		export default function () { sleep(0.1); }`)
	for name, flags := range map[string][]string{"running": nil, "paused before the start": {"--paused"}} {
		read, write, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		args := slices.Concat([]string{"run", "--quiet", "--summary-mode=disabled", "--out", "fleet=fd=3,flush=100ms"}, flags)
		cmd := k6(t, append(args, path)...)
		cmd.ExtraFiles = []*os.File{write}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		write.Close()
		if _, err := bufio.NewReader(read).ReadBytes('\n'); err != nil {
			t.Fatal(err)
		}
		read.Close()
		var exit *exec.ExitError
		if err := cmd.Wait(); !errors.As(err, &exit) || exit.ExitCode() != 105 {
			t.Errorf("%s: k6 exited with %v, want exit status 105", name, err)
		}
	}
}

func TestProbeListsTheScriptsMetrics(t *testing.T) {
	path := script(t, `
		import { Trend, Counter } from 'k6/metrics';
		new Trend('my_trend', true); new Counter('my_counter');
		export function setup() {}
		export default function () {}`)
	wrapper := filepath.Join(filepath.Dir(path), "wrapper.js")
	if err := os.WriteFile(wrapper, []byte(`
		import * as script from './script.js';
		import fleet from 'k6/x/fleet';
		export const options = { ext: { fleetProbe: { exports: Object.keys(script), metrics: fleet.metrics() } } };
		export default function () {}`), 0o600); err != nil {
		t.Fatal(err)
	}
	stdout, err := k6(t, "inspect", wrapper).Output()
	if err != nil {
		t.Fatal(err)
	}
	var options struct {
		Ext struct {
			FleetProbe struct {
				Exports []string
				Metrics []struct{ Name, Type, Contains string }
			}
		}
	}
	if err := json.Unmarshal(stdout, &options); err != nil {
		t.Fatal(err)
	}
	probe := options.Ext.FleetProbe
	slices.Sort(probe.Exports)
	if !slices.Equal(probe.Exports, []string{"default", "setup"}) {
		t.Errorf("exports are %v", probe.Exports)
	}
	for _, want := range []struct{ Name, Type, Contains string }{
		{"my_trend", "trend", "time"}, {"my_counter", "counter", "default"}, {"data_sent", "counter", "data"},
	} {
		if !slices.Contains(probe.Metrics, want) {
			t.Errorf("%v is not among %v", want, probe.Metrics)
		}
	}
}

func TestSubcommand(t *testing.T) {
	if got, err := k6(t, "x", "fleet", "nonsense").CombinedOutput(); err == nil {
		t.Errorf("an unknown subcommand was accepted: %s", got)
	}
	cmd := k6(t, "x", "fleet", "plan")
	cmd.Stdin = bytes.NewBufferString(`{"options":{},"tasks":0}`)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	if err := cmd.Run(); err == nil || stderr.String() != "k6 x fleet: tasks must be 1 to 10000, got 0\n" {
		t.Errorf("got %v and %q", err, stderr.String())
	}
}
