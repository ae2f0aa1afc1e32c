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

// bench is an aggregator with k6's metrics beside it.
type bench struct {
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

func newBench(t *testing.T, keys map[string]metrics.Thresholds) *bench {
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
	return &bench{newAggregator(1, specs, quiet()), t, registry, metrics.RegisterBuiltinMetrics(registry)}
}

func (b *bench) tags(pairs ...string) *metrics.TagSet {
	tags := b.registry.RootTagSet()
	for i := 0; i < len(pairs); i += 2 {
		tags = tags.With(pairs[i], pairs[i+1])
	}
	return tags
}

// sample adds one at a time in ms.
func (b *bench) sample(m *metrics.Metric, tags *metrics.TagSet, ms int64, v float64) {
	b.add(&metrics.Sample{TimeSeries: metrics.TimeSeries{Metric: m, Tags: tags}, Time: time.UnixMilli(ms), Value: v})
}

func (b *bench) cells(now int64, end bool) []Cell {
	out := []Cell{}
	for _, c := range b.take(now, end) {
		out = append(out, c.values())
	}
	return out
}

func (b *bench) expect(got, want any) {
	b.t.Helper()
	if !reflect.DeepEqual(got, want) {
		b.t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

func TestSamplesGoToTheCellOfTheirOwnTime(t *testing.T) {
	b := newBench(t, nil)
	m, tags := b.builtin.DataSent, b.tags("scenario", "a", "url", "u")
	counted := func(at int64, sum Num) Cell {
		return Cell{T: at, Metrics: []MetricCell{{"data_sent", "counter", "data", []Series{{map[string]string{}, CounterValues{sum}}}}}}
	}
	b.sample(m, tags, 10_999, 1)
	b.sample(m, tags, 12_000, 2)
	b.sample(m, tags, 10_000, 4)
	b.sample(m, tags, 11_500, 8)
	b.expect(b.cells(12, false), []Cell{counted(10, 5), counted(11, 8)})
	b.sample(m, tags, 11_999, 16) // too late for its cell: another part of it
	b.sample(m, tags, 12_500, 32)
	b.expect(b.cells(13, false), []Cell{counted(11, 16), counted(12, 34)})
	b.sample(m, tags, 13_000, 64)
	b.expect(b.cells(13, false), []Cell{})
	b.expect(b.cells(13, true), []Cell{counted(13, 64)})
}

func TestCellsAreAligned(t *testing.T) {
	b := newBench(t, nil)
	b.width = 5
	for second, want := range map[int64]int64{0: 0, 4: 0, 5: 5, 1_700_000_004: 1_700_000_000, -1: -5, -5: -5} {
		b.expect(b.start(second), want)
	}
}

func TestKeptTags(t *testing.T) {
	b := newBench(t, nil)
	custom := b.registry.MustNewMetric("mine", metrics.Counter)
	all := b.tags("name", "n", "method", "GET", "status", "200", "scenario", "s", "url", "u", "group", "::g", "check", "c", "my", "tag")
	for m, want := range map[*metrics.Metric]map[string]string{
		b.builtin.HTTPReqDuration:   {"name": "n", "method": "GET", "status": "200", "scenario": "s"},
		b.builtin.HTTPReqs:          {"name": "n", "method": "GET", "status": "200", "scenario": "s"},
		b.builtin.HTTPReqFailed:     {"name": "n", "method": "GET", "status": "200", "scenario": "s"},
		b.builtin.GRPCReqDuration:   {"name": "n", "method": "GET", "status": "200", "scenario": "s"},
		b.builtin.Checks:            {"check": "c", "group": "::g"},
		b.builtin.GroupDuration:     {"group": "::g"},
		b.builtin.Iterations:        {"scenario": "s"},
		b.builtin.DroppedIterations: {"scenario": "s"},
		custom:                      {"scenario": "s"},
		b.builtin.VUs:               {},
		b.builtin.DataReceived:      {},
	} {
		s, _ := b.metricOf(m).seriesFor(all)
		if !reflect.DeepEqual(s.tags, want) {
			t.Errorf("%s keeps %v, want %v", m.Name, s.tags, want)
		}
	}
	absent, _ := b.metricOf(b.builtin.HTTPReqs).seriesFor(b.tags("method", "GET", "status", ""))
	b.expect(absent.tags, map[string]string{"method": "GET", "status": ""})
	for name, kept := range keptTags {
		if len(kept) > maxKeptTags {
			t.Errorf("%s keeps more than %d tags", name, maxKeptTags)
		}
	}
}

func TestTagsThatAreDroppedAddUp(t *testing.T) {
	b := newBench(t, nil)
	for i := range 5 {
		b.sample(b.builtin.Iterations, b.tags("scenario", "s", "id", fmt.Sprint(i)), 1000, 1)
	}
	got := b.cells(1, true)[0].Metrics[0].Series
	b.expect(got, []Series{{map[string]string{"scenario": "s"}, CounterValues{5}}})
}

func TestSeriesPastTheCapOverflow(t *testing.T) {
	b := newBench(t, nil)
	const names = 3 * maxCachedSeries / 2
	for i := range names {
		b.sample(b.builtin.HTTPReqs, b.tags("name", fmt.Sprint(i)), 1000, 1)
		b.sample(b.builtin.DataSent, b.tags("name", fmt.Sprint(i)), 1000, 1)
		if len(b.routes) > maxCachedSeries {
			t.Fatalf("%d time series are cached", len(b.routes))
		}
	}
	b.expect(b.overflow, []string{"http_reqs"})
	requests := b.cells(1, true)[0].Metrics[0]
	b.expect(len(requests.Series), seriesCap+1)
	b.expect(requests.Series[seriesCap], Series{map[string]string{"overflow": "true"}, CounterValues{names - seriesCap}})
	b.sample(b.builtin.HTTPReqs, b.tags("name", "7"), 2000, 1) // known: not in the overflow
	b.expect(b.cells(2, true)[0].Metrics[0].Series[0].Tags, map[string]string{"name": "7"})
}

func TestKeysMatchAllTagsOutsideTheCap(t *testing.T) {
	const key = `http_req_duration{my: tag, status:200}`
	b := newBench(t, map[string]metrics.Thresholds{
		key:                 metrics.NewThresholds([]string{"p(95)<10", "med>=10", "p(50)<inf", "avg<3"}),
		"http_req_duration": metrics.NewThresholds([]string{"p(95)!=nan", "max<1"}), // neither needs a pivot
		"http_reqs":         metrics.NewThresholds([]string{"count>1"}),
	})
	for i := range seriesCap {
		b.sample(b.builtin.HTTPReqDuration, b.tags("name", fmt.Sprint(i)), 1000, 1)
	}
	for _, v := range []float64{5, 10, 20, math.Inf(1), 10} {
		b.sample(b.builtin.HTTPReqDuration, b.tags("status", "200", "my", "tag", "name", "x"), 1000, v)
	}
	b.sample(b.builtin.HTTPReqDuration, b.tags("status", "200", "my", "other"), 1000, 7)
	b.sample(b.builtin.HTTPReqs, b.tags("status", "200", "my", "tag"), 1000, 7)
	keys := b.cells(1, true)[0].Keys
	if len(keys) != 1 || keys[0].Key != key || keys[0].Type != "trend" || keys[0].Contains != "time" {
		t.Fatalf("got %+v", keys)
	}
	b.expect(keys[0].Values.(TrendValues).Count, uint64(5))
	five, twenty, inf := Num(5), Num(20), Num(math.Inf(1))
	b.expect(keys[0].Pivots, []Pivot{
		{V: 10, Below: 1, Equal: 2, MaxBelow: &five, MinAbove: &twenty},
		{V: inf, Below: 4, Equal: 1, MaxBelow: &twenty},
	})
}

func TestKeyOfAWholeMetricCarriesPivotsOnly(t *testing.T) {
	b := newBench(t, map[string]metrics.Thresholds{"mine": metrics.NewThresholds([]string{"p(99)<0"})})
	b.sample(b.registry.MustNewMetric("mine", metrics.Trend, metrics.Data), b.tags(), 1000, -1)
	minus := Num(-1)
	b.expect(b.cells(1, true)[0].Keys, []KeyCell{{"mine", "trend", "data", nil, []Pivot{{V: 0, Below: 1, MaxBelow: &minus}}}})
}

func TestGroupsAreToldOnce(t *testing.T) {
	b := newBench(t, nil)
	b.sample(b.builtin.Checks, b.tags("group", "::a::b"), 1000, 1)
	b.sample(b.builtin.GroupDuration, b.tags("group", "::a"), 1000, 1)
	b.sample(b.builtin.Checks, b.tags("group", ""), 1000, 1)
	b.sample(b.builtin.HTTPReqs, b.tags("group", "::only requests"), 1000, 1)
	b.sample(b.builtin.Checks, b.tags(), 1000, 1)
	b.expect(b.cells(2, false)[0].Groups, []string{"::a::b", "::a", ""})
	b.sample(b.builtin.Checks, b.tags("group", "::a", "check", "new"), 2000, 1)
	b.expect(b.cells(3, false)[0].Groups, []string(nil))
}

func TestNaNIsLeftOut(t *testing.T) {
	b := newBench(t, nil)
	b.sample(b.builtin.HTTPReqDuration, b.tags(), 1000, math.NaN())
	b.expect(b.cells(1, true), []Cell{})
}

// vus are the cells of that metric as [t, last].
func (b *bench) vus(now int64, end bool) (out [][2]int64) {
	for _, c := range b.cells(now, end) {
		for _, m := range c.Metrics {
			if m.Name == "vus" {
				out = append(out, [2]int64{c.T, int64(m.Series[0].Values.(GaugeValues).Last)})
			}
		}
	}
	return out
}

func TestVUsAreCarriedForward(t *testing.T) {
	b := newBench(t, nil)
	vus := func(ms int64, v float64) { b.sample(b.builtin.VUs, b.tags("any", "tag"), ms, v) }
	b.sample(b.builtin.HTTPReqs, b.tags(), 8000, 1)
	b.expect(b.vus(10, false), [][2]int64(nil)) // nothing is known yet
	vus(10_900, 5)
	vus(12_001, 7) // second 11 had none
	b.expect(b.vus(12, false), [][2]int64{{10, 5}, {11, 5}})
	b.expect(b.vus(13, false), [][2]int64{{12, 7}})
	b.expect(b.vus(16, false), [][2]int64{{13, 7}, {14, 7}, {15, 7}})
	vus(15_999, 3) // late: another part of its cell, and newer than what was forwardFills into it
	b.expect(b.vus(17, false), [][2]int64{{15, 3}, {16, 3}})
	vus(17_500, 1)
	b.expect(b.vus(18, true), [][2]int64{{17, 1}}) // nothing for the second that has just begun
	c := forwardFill{series: &series{metric: newMetricState(b.builtin.VUs)}, next: 1, last: 1}
	c.fill(b.aggregator, 1_700_000_000) // the clock was set
	b.expect(len(b.open), maxCarried)
}

func TestVUsAtTheEndCountWhereTheyWereSampled(t *testing.T) {
	b := newBench(t, nil)
	b.sample(b.builtin.VUs, b.tags(), 10_000, 5)
	b.sample(b.builtin.VUs, b.tags(), 11_000, 2)
	b.expect(b.vus(11, true), [][2]int64{{10, 5}, {11, 2}})
}

// However samples are spread over flushes, the parts add up to the same.
func TestPartsAddUp(t *testing.T) {
	total := func(flushEvery int) (sums map[int64]float64) {
		b := newBench(t, nil)
		sums = map[int64]float64{}
		collect := func(cells []Cell) {
			for _, c := range cells {
				sums[c.T] += float64(c.Metrics[0].Series[0].Values.(CounterValues).Sum)
			}
		}
		for i := range 1000 {
			b.sample(b.builtin.DataSent, b.tags(), int64(i*7919%20_000), float64(i))
			if i%flushEvery == 0 {
				collect(b.cells(int64(i%20), false))
			}
		}
		collect(b.cells(0, true))
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

// A taken cell must not be kept in memory by the series that were in it.
func TestTakenCellsAreForgotten(t *testing.T) {
	b := newBench(t, map[string]metrics.Thresholds{"http_reqs{a:b}": {}})
	b.sample(b.builtin.HTTPReqs, b.tags("a", "b"), 1000, 1)
	b.take(1, true)
	for _, r := range b.routes {
		if r.series.cell != nil || r.series.acc != nil || r.keys[0].cell != nil || r.keys[0].acc != nil {
			t.Errorf("%+v", r)
		}
	}
	if b.current != nil || len(b.open) != 0 {
		t.Errorf("%d cells are open", len(b.open))
	}
}
