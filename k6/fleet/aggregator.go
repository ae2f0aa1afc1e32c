package fleet

import (
	"maps"
	"math"
	"slices"

	"github.com/sirupsen/logrus"
	"go.k6.io/k6/v2/metrics"
)

// A time series is a metric with all its tags. Where the script makes ever new ones (a million URLs, say) the cache of
// where they go is thrown away at this size, so that it stays small.
const maxCachedSeries = 10_000

// aggregator folds samples into cells. It is not safe for concurrent use.
type aggregator struct {
	width  int64 // of a cell, s
	logger logrus.FieldLogger
	specs  map[string][]*keySpec // by metric

	metrics map[*metrics.Metric]*metricState
	routes  map[metrics.TimeSeries]*route
	groups  map[string]bool
	// Names of metrics past their cap, sorted.
	overflow     []string
	forwardFills []*forwardFill

	open    map[int64]*cell
	current *cell // the cell of the latest sample
}

// route is where the samples of a time series go.
type route struct {
	series *series
	keys   []*key
}

// cell holds what was measured in one stretch of time since it was last taken.
type cell struct {
	t        int64
	series   map[*series]accumulator
	order    []*series
	keys     map[*key]*keyAccumulator
	keyOrder []*key
	groups   []string
}

func newAggregator(width int64, specs []*keySpec, logger logrus.FieldLogger) *aggregator {
	f := &aggregator{
		width: width, logger: logger,
		specs:   make(map[string][]*keySpec),
		metrics: make(map[*metrics.Metric]*metricState),
		routes:  make(map[metrics.TimeSeries]*route),
		groups:  make(map[string]bool),
		open:    make(map[int64]*cell),
	}
	for _, spec := range specs {
		f.specs[spec.metric] = append(f.specs[spec.metric], spec)
	}
	return f
}

// add folds one sample in. NaN is left out, as k6's own metrics API leaves it out.
func (f *aggregator) add(s *metrics.Sample) {
	if math.IsNaN(s.Value) {
		return
	}
	c := f.cellAt(s.Time.Unix())
	r, ok := f.routes[s.TimeSeries]
	if !ok {
		r = f.routeTo(s.TimeSeries, c)
	}
	r.series.in(c).add(s.Value, s.Time)
	for _, k := range r.keys {
		k.in(c).add(s.Value, s.Time)
	}
}

// start returns where the cell begins that a Unix second falls into.
func (f *aggregator) start(second int64) int64 {
	return second - ((second%f.width)+f.width)%f.width // floors before 1970 too
}

func (f *aggregator) cellAt(second int64) *cell {
	if c := f.current; c != nil && second >= c.t && second < c.t+f.width {
		return c
	}
	t := f.start(second)
	c, ok := f.open[t]
	if !ok {
		c = &cell{t: t, series: make(map[*series]accumulator), keys: make(map[*key]*keyAccumulator)}
		f.open[t] = c
	}
	f.current = c
	return c
}

func (f *aggregator) routeTo(ts metrics.TimeSeries, c *cell) *route {
	m := f.metricOf(ts.Metric)
	s, overflowed := m.seriesFor(ts.Tags)
	if overflowed {
		f.overflow = append(f.overflow, m.Name)
		slices.Sort(f.overflow)
	}
	if m.namesGroups {
		f.noteGroup(ts.Tags, c)
	}
	r := &route{series: s}
	for _, k := range m.keys {
		if k.matches(ts.Tags) {
			r.keys = append(r.keys, k)
		}
	}
	if len(f.routes) >= maxCachedSeries {
		clear(f.routes)
	}
	f.routes[ts] = r
	return r
}

func (f *aggregator) metricOf(metric *metrics.Metric) *metricState {
	if m, ok := f.metrics[metric]; ok {
		return m
	}
	m := newMetricState(metric)
	f.metrics[metric] = m
	for _, spec := range f.specs[metric.Name] {
		k, err := spec.bind(m)
		if err != nil {
			f.logger.WithError(err).Warnf("the threshold key %s selects nothing", spec.name)
			continue
		}
		m.keys = append(m.keys, k)
	}
	if metric.Name == metrics.VUsName || metric.Name == metrics.VUsMaxName {
		s, _ := m.seriesFor(nil)
		f.forwardFills = append(f.forwardFills, &forwardFill{series: s})
	}
	return m
}

func (f *aggregator) noteGroup(tags *metrics.TagSet, c *cell) {
	group, ok := tags.Get("group")
	if !ok || f.groups[group] || len(f.groups) >= seriesCap {
		return
	}
	f.groups[group] = true
	c.groups = append(c.groups, group)
}

// take hands over the cells measured so far, in order of time, and forgets them. The cell of the second `now` stays, for
// more samples are to come; at the end, that one goes too. Samples that come later still make another part of their cell.
func (f *aggregator) take(now int64, end bool) []*cell {
	running := f.start(now)
	for _, c := range f.forwardFills {
		c.fill(f, running)
	}
	cells := []*cell{}
	for _, t := range slices.Sorted(maps.Keys(f.open)) {
		if t == running && !end {
			continue
		}
		c := f.open[t]
		delete(f.open, t)
		cells = append(cells, c)
		c.detach()
	}
	f.current = nil
	return cells
}

// detach makes everything forget the cell, so that nothing keeps it in memory.
func (c *cell) detach() {
	for _, s := range c.order {
		if s.cell == c {
			s.cell, s.acc = nil, nil
		}
	}
	for _, k := range c.keyOrder {
		if k.cell == c {
			k.cell, k.acc = nil, nil
		}
	}
}

// values returns the contract's form of the cell.
func (c *cell) values() Cell {
	out := Cell{T: c.t, Groups: c.groups}
	index := make(map[*metricState]int)
	for _, s := range c.order {
		i, ok := index[s.metric]
		if !ok {
			i = len(out.Metrics)
			index[s.metric] = i
			m := s.metric
			out.Metrics = append(out.Metrics, MetricCell{Name: m.Name, Type: m.Type.String(), Contains: m.Contains.String()})
		}
		out.Metrics[i].Series = append(out.Metrics[i].Series, Series{Tags: s.tags, Values: c.series[s].values()})
	}
	for _, k := range c.keyOrder {
		acc := c.keys[k]
		cell := KeyCell{Key: k.spec.name, Type: k.metric.Type.String(), Contains: k.metric.Contains.String()}
		if acc.part != nil {
			cell.Values = acc.part.values()
		}
		for i := range acc.pivots {
			cell.Pivots = append(cell.Pivots, acc.pivots[i].values())
		}
		out.Keys = append(out.Keys, cell)
	}
	return out
}
