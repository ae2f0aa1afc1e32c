package fleet

import (
	"fmt"
	"io"
	"math"
	"reflect"
	"testing"
	"time"

	"github.com/sirupsen/logrus"
	"go.k6.io/k6/v2/metrics"
)

// harness is an aggregator together with k6's metrics.
type harness struct {
	*aggregator
	t        *testing.T
	registry *metrics.Registry
	builtin  *metrics.BuiltinMetrics
}

func quiet() logrus.FieldLogger {
	logger := logrus.New()
	logger.SetOutput(io.Discard)
	return logger
}

func newHarness(t *testing.T, keys map[string]metrics.Thresholds) *harness {
	registry := metrics.NewRegistry()
	var specs []*keySpec
	for name, ts := range keys {
		spec, err := newKeySpec(name, ts)
		if err != nil {
			t.Fatal(err)
		}
		if spec != nil {
			specs = append(specs, spec)
		}
	}
	return &harness{newAggregator(1, specs, quiet()), t, registry, metrics.RegisterBuiltinMetrics(registry)}
}

func (h *harness) tags(pairs ...string) *metrics.TagSet {
	tags := h.registry.RootTagSet()
	for i := 0; i < len(pairs); i += 2 {
		tags = tags.With(pairs[i], pairs[i+1])
	}
	return tags
}

// sample adds a sample taken at a time in Unix ms.
func (h *harness) sample(m *metrics.Metric, tags *metrics.TagSet, ms int64, v float64) {
	h.add(&metrics.Sample{TimeSeries: metrics.TimeSeries{Metric: m, Tags: tags}, Time: time.UnixMilli(ms), Value: v})
}

func (h *harness) cells(now int64, end bool) []Cell {
	out := []Cell{}
	for _, c := range h.take(now, end) {
		out = append(out, c.values())
	}
	return out
}

func (h *harness) expect(got, want any) {
	h.t.Helper()
	if !reflect.DeepEqual(got, want) {
		h.t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

func TestSamplesGoToTheCellOfTheirOwnTime(t *testing.T) {
	h := newHarness(t, nil)
	m, tags := h.builtin.DataSent, h.tags("scenario", "a", "url", "u")
	counted := func(at int64, sum Num) Cell {
		return Cell{T: at, Metrics: []MetricCell{{"data_sent", "counter", "data", []Series{{map[string]string{}, CounterValues{sum}}}}}}
	}
	h.sample(m, tags, 10_999, 1)
	h.sample(m, tags, 12_000, 2)
	h.sample(m, tags, 10_000, 4)
	h.sample(m, tags, 11_500, 8)
	h.expect(h.cells(12, false), []Cell{counted(10, 5), counted(11, 8)})
	h.sample(m, tags, 11_999, 16) // its cell was taken: starts another part of it
	h.sample(m, tags, 12_500, 32)
	h.expect(h.cells(13, false), []Cell{counted(11, 16), counted(12, 34)})
	h.sample(m, tags, 13_000, 64)
	h.expect(h.cells(13, false), []Cell{})
	h.expect(h.cells(13, true), []Cell{counted(13, 64)})
}

func TestCellsAreAligned(t *testing.T) {
	h := newHarness(t, nil)
	h.width = 5
	for second, want := range map[int64]int64{0: 0, 4: 0, 5: 5, 1_700_000_004: 1_700_000_000, -1: -5, -5: -5} {
		h.expect(h.start(second), want)
	}
}

func TestKeptTags(t *testing.T) {
	h := newHarness(t, nil)
	custom := h.registry.MustNewMetric("mine", metrics.Counter)
	all := h.tags("name", "n", "method", "GET", "status", "200", "scenario", "s", "url", "u", "group", "::g", "check", "c", "my", "tag")
	for m, want := range map[*metrics.Metric]map[string]string{
		h.builtin.HTTPReqDuration:   {"name": "n", "method": "GET", "status": "200", "scenario": "s"},
		h.builtin.HTTPReqs:          {"name": "n", "method": "GET", "status": "200", "scenario": "s"},
		h.builtin.HTTPReqFailed:     {"name": "n", "method": "GET", "status": "200", "scenario": "s"},
		h.builtin.GRPCReqDuration:   {"name": "n", "method": "GET", "status": "200", "scenario": "s"},
		h.builtin.Checks:            {"check": "c", "group": "::g"},
		h.builtin.GroupDuration:     {"group": "::g"},
		h.builtin.Iterations:        {"scenario": "s"},
		h.builtin.DroppedIterations: {"scenario": "s"},
		custom:                      {"scenario": "s"},
		h.builtin.VUs:               {},
		h.builtin.DataReceived:      {},
	} {
		s, _ := h.metricOf(m).seriesFor(all)
		if !reflect.DeepEqual(s.tags, want) {
			t.Errorf("%s keeps %v, want %v", m.Name, s.tags, want)
		}
	}
	absent, _ := h.metricOf(h.builtin.HTTPReqs).seriesFor(h.tags("method", "GET", "status", ""))
	h.expect(absent.tags, map[string]string{"method": "GET", "status": ""})
	for name, kept := range keptTags {
		if len(kept) > maxKeptTags {
			t.Errorf("%s keeps more than %d tags", name, maxKeptTags)
		}
	}
}

func TestSectionsKeepScenarioAndGroup(t *testing.T) {
	h := newHarness(t, nil)
	h.sections = true
	all := h.tags("name", "n", "method", "GET", "status", "200", "scenario", "s", "url", "u", "group", "::g", "check", "c")
	for m, want := range map[*metrics.Metric]map[string]string{
		h.builtin.HTTPReqDuration: {"name": "n", "method": "GET", "status": "200", "scenario": "s", "group": "::g"},
		h.builtin.Checks:          {"check": "c", "group": "::g", "scenario": "s"},
		h.builtin.GroupDuration:   {"group": "::g", "scenario": "s"},
		h.builtin.Iterations:      {"scenario": "s", "group": "::g"},
		h.builtin.DataReceived:    {"scenario": "s", "group": "::g"},
		h.builtin.VUs:             {},
		h.builtin.VUsMax:          {},
	} {
		s, _ := h.metricOf(m).seriesFor(all)
		if !reflect.DeepEqual(s.tags, want) {
			t.Errorf("%s keeps %v, want %v", m.Name, s.tags, want)
		}
	}
}

func TestSectionsStayExactPastTheCap(t *testing.T) {
	h := newHarness(t, nil)
	h.sections = true
	for i := range seriesCap {
		h.sample(h.builtin.HTTPReqs, h.tags("name", fmt.Sprint(i), "scenario", "a", "group", ""), 1000, 1)
	}
	const groups = 2 * seriesCap
	for i := range groups {
		h.sample(h.builtin.HTTPReqs, h.tags("name", "more", "scenario", "b", "group", fmt.Sprint(i)), 1000, 1)
		h.sample(h.builtin.HTTPReqs, h.tags("name", "still more", "scenario", "b", "group", fmt.Sprint(i)), 1000, 1)
	}
	h.expect(h.overflow, []string{"http_reqs"})
	series := h.cells(1, true)[0].Metrics[0].Series
	h.expect(len(series), 2*seriesCap+1)
	h.expect(series[seriesCap], Series{map[string]string{"overflow": "true", "scenario": "b", "group": "0"}, CounterValues{2}})
	h.expect(series[2*seriesCap], Series{map[string]string{"overflow": "true"}, CounterValues{2 * (groups - seriesCap)}})
}

func TestTagsThatAreDroppedAddUp(t *testing.T) {
	h := newHarness(t, nil)
	for i := range 5 {
		h.sample(h.builtin.Iterations, h.tags("scenario", "s", "id", fmt.Sprint(i)), 1000, 1)
	}
	got := h.cells(1, true)[0].Metrics[0].Series
	h.expect(got, []Series{{map[string]string{"scenario": "s"}, CounterValues{5}}})
}

func TestSeriesPastTheCapOverflow(t *testing.T) {
	h := newHarness(t, nil)
	const names = 3 * maxCachedSeries / 2
	for i := range names {
		h.sample(h.builtin.HTTPReqs, h.tags("name", fmt.Sprint(i)), 1000, 1)
		h.sample(h.builtin.DataSent, h.tags("name", fmt.Sprint(i)), 1000, 1)
		if len(h.routes) > maxCachedSeries {
			t.Fatalf("%d time series are cached", len(h.routes))
		}
	}
	h.expect(h.overflow, []string{"http_reqs"})
	requests := h.cells(1, true)[0].Metrics[0]
	h.expect(len(requests.Series), seriesCap+1)
	h.expect(requests.Series[seriesCap], Series{map[string]string{"overflow": "true"}, CounterValues{names - seriesCap}})
	h.sample(h.builtin.HTTPReqs, h.tags("name", "7"), 2000, 1) // a known series does not overflow
	h.expect(h.cells(2, true)[0].Metrics[0].Series[0].Tags, map[string]string{"name": "7"})
}

func TestKeysMatchAllTagsOutsideTheCap(t *testing.T) {
	const key = `http_req_duration{my: tag, status:200}`
	h := newHarness(t, map[string]metrics.Thresholds{
		key:                 metrics.NewThresholds([]string{"p(95)<10", "med>=10", "p(50)<inf", "avg<3"}),
		"http_req_duration": metrics.NewThresholds([]string{"p(95)!=nan", "max<1"}), // neither needs a pivot
		"http_reqs":         metrics.NewThresholds([]string{"count>1"}),
	})
	for i := range seriesCap {
		h.sample(h.builtin.HTTPReqDuration, h.tags("name", fmt.Sprint(i)), 1000, 1)
	}
	for _, v := range []float64{5, 10, 20, math.Inf(1), 10} {
		h.sample(h.builtin.HTTPReqDuration, h.tags("status", "200", "my", "tag", "name", "x"), 1000, v)
	}
	h.sample(h.builtin.HTTPReqDuration, h.tags("status", "200", "my", "other"), 1000, 7)
	h.sample(h.builtin.HTTPReqs, h.tags("status", "200", "my", "tag"), 1000, 7)
	keys := h.cells(1, true)[0].Keys
	if len(keys) != 1 || keys[0].Key != key || keys[0].Type != "trend" || keys[0].Contains != "time" {
		t.Fatalf("got %+v", keys)
	}
	h.expect(keys[0].Values.(TrendValues).Count, uint64(5))
	five, twenty, inf := Num(5), Num(20), Num(math.Inf(1))
	h.expect(keys[0].Pivots, []Pivot{
		{V: 10, Below: 1, Equal: 2, MaxBelow: &five, MinAbove: &twenty},
		{V: inf, Below: 4, Equal: 1, MaxBelow: &twenty},
	})
}

func TestKeyOfAWholeMetricCarriesPivotsOnly(t *testing.T) {
	h := newHarness(t, map[string]metrics.Thresholds{"mine": metrics.NewThresholds([]string{"p(99)<0"})})
	h.sample(h.registry.MustNewMetric("mine", metrics.Trend, metrics.Data), h.tags(), 1000, -1)
	minus := Num(-1)
	h.expect(h.cells(1, true)[0].Keys, []KeyCell{{"mine", "trend", "data", nil, []Pivot{{V: 0, Below: 1, MaxBelow: &minus}}}})
}

func TestEachGroupIsListedOnce(t *testing.T) {
	h := newHarness(t, nil)
	h.sample(h.builtin.Checks, h.tags("group", "::a::b"), 1000, 1)
	h.sample(h.builtin.GroupDuration, h.tags("group", "::a"), 1000, 1)
	h.sample(h.builtin.Checks, h.tags("group", ""), 1000, 1)
	h.sample(h.builtin.HTTPReqs, h.tags("group", "::only requests"), 1000, 1)
	h.sample(h.builtin.Checks, h.tags(), 1000, 1)
	h.expect(h.cells(2, false)[0].Groups, []string{"::a::b", "::a", ""})
	h.sample(h.builtin.Checks, h.tags("group", "::a", "check", "new"), 2000, 1)
	h.expect(h.cells(3, false)[0].Groups, []string(nil))
}

func TestNaNIsIgnored(t *testing.T) {
	h := newHarness(t, nil)
	h.sample(h.builtin.HTTPReqDuration, h.tags(), 1000, math.NaN())
	h.expect(h.cells(1, true), []Cell{})
}

// vus returns the values of the metric vus as [t, last] by cell.
func (h *harness) vus(now int64, end bool) (out [][2]int64) {
	for _, c := range h.cells(now, end) {
		for _, m := range c.Metrics {
			if m.Name == "vus" {
				out = append(out, [2]int64{c.T, int64(m.Series[0].Values.(GaugeValues).Last)})
			}
		}
	}
	return out
}

func TestVUsAreForwardFilled(t *testing.T) {
	h := newHarness(t, nil)
	vus := func(ms int64, v float64) { h.sample(h.builtin.VUs, h.tags("any", "tag"), ms, v) }
	h.sample(h.builtin.HTTPReqs, h.tags(), 8000, 1)
	h.expect(h.vus(10, false), [][2]int64(nil)) // no value yet
	vus(10_900, 5)
	vus(12_001, 7) // second 11 had none
	h.expect(h.vus(12, false), [][2]int64{{10, 5}, {11, 5}})
	h.expect(h.vus(13, false), [][2]int64{{12, 7}})
	h.expect(h.vus(16, false), [][2]int64{{13, 7}, {14, 7}, {15, 7}})
	vus(15_999, 3) // late: another part of its cell, and newer than what was filled in
	h.expect(h.vus(17, false), [][2]int64{{15, 3}, {16, 3}})
	vus(17_500, 1)
	h.expect(h.vus(18, true), [][2]int64{{17, 1}, {18, 1}}) // the second in which k6 ends is filled, too
	f := forwardFill{series: &series{metric: newMetricState(h.builtin.VUs, false)}, next: 1, last: 1}
	f.fill(h.aggregator, 1_700_000_000) // the clock was set
	h.expect(len(h.open), maxFilled)
}

func TestVUsAtTheEnd(t *testing.T) {
	h := newHarness(t, nil)
	h.sample(h.builtin.VUs, h.tags(), 10_000, 5)
	h.sample(h.builtin.VUs, h.tags(), 11_000, 2)
	h.expect(h.vus(11, true), [][2]int64{{10, 5}, {11, 2}})
}

func TestAFilledValueHasTheTimeOfItsSample(t *testing.T) {
	h := newHarness(t, nil)
	h.sample(h.builtin.VUs, h.tags(), 10_900, 5)
	cells := h.cells(12, true)
	h.expect(len(cells), 3)
	for _, c := range cells {
		h.expect(c.Metrics[0].Series[0].Values.(GaugeValues).At, Num(10_900))
	}
}

// The parts of a cell add up to the same however flushes divide the samples.
func TestPartsAddUp(t *testing.T) {
	total := func(flushEvery int) (sums map[int64]float64) {
		h := newHarness(t, nil)
		sums = map[int64]float64{}
		collect := func(cells []Cell) {
			for _, c := range cells {
				sums[c.T] += float64(c.Metrics[0].Series[0].Values.(CounterValues).Sum)
			}
		}
		for i := range 1000 {
			h.sample(h.builtin.DataSent, h.tags(), int64(i*7919%20_000), float64(i))
			if i%flushEvery == 0 {
				collect(h.cells(int64(i%20), false))
			}
		}
		collect(h.cells(0, true))
		return sums
	}
	want := total(2000)
	for _, every := range []int{1, 3, 100} {
		if got := total(every); !reflect.DeepEqual(got, want) {
			t.Errorf("with a flush every %d samples: %v, want %v", every, got, want)
		}
	}
	if len(want) != 20 {
		t.Errorf("%d cells, want 20", len(want))
	}
}

// The series of a taken cell must not keep it in memory.
func TestTakenCellsAreReleased(t *testing.T) {
	h := newHarness(t, map[string]metrics.Thresholds{"http_reqs{a:b}": {}})
	h.sample(h.builtin.HTTPReqs, h.tags("a", "b"), 1000, 1)
	h.take(1, true)
	for _, r := range h.routes {
		if r.series.cell != nil || r.series.acc != nil || r.keys[0].cell != nil || r.keys[0].acc != nil {
			t.Errorf("%+v", r)
		}
	}
	if h.current != nil || len(h.open) != 0 {
		t.Errorf("%d cells are open", len(h.open))
	}
}
