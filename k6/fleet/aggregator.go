package fleet

import (
	"maps"
	"math"
	"slices"

	"github.com/sirupsen/logrus"
	"go.k6.io/k6/v2/metrics"
)

// maxCachedSeries bounds the cache of routes: it is cleared at this size. A time series is a metric with all its tags,
// and a script may create any number of them, for example by requesting a million URLs.
const maxCachedSeries = 10_000

// aggregator adds up samples by cell. It is not safe for concurrent use.
type aggregator struct {
	width    int64 // of a cell, s
	sections bool  // keep the scenario and the group of every sample
	logger   logrus.FieldLogger
	specs    map[string][]*keySpec // by metric

	metrics      map[*metrics.Metric]*metricState
	routes       map[metrics.TimeSeries]*route
	groups       map[string]bool
	overflow     []string // names of the metrics past their cap, sorted
	failures     failures
	forwardFills []*forwardFill

	open    map[int64]*cell
	current *cell // the cell of the latest sample
}

// route lists what the samples of a time series count towards.
type route struct {
	series *series
	keys   []*key
	// failure counts the samples other than zero; nil for all metrics but http_req_failed.
	failure *failure
}

// cell holds the samples of one interval that have arrived since the interval was last taken.
type cell struct {
	t        int64
	series   map[*series]accumulator
	order    []*series
	keys     map[*key]*keyAccumulator
	keyOrder []*key
	groups   []string
}

func newAggregator(width int64, specs []*keySpec, logger logrus.FieldLogger) *aggregator {
	a := &aggregator{
		width: width, logger: logger,
		specs:   make(map[string][]*keySpec),
		metrics: make(map[*metrics.Metric]*metricState),
		routes:  make(map[metrics.TimeSeries]*route),
		groups:  make(map[string]bool),
		open:    make(map[int64]*cell),
	}
	for _, spec := range specs {
		a.specs[spec.metric] = append(a.specs[spec.metric], spec)
	}
	return a
}

// add counts one sample. It ignores NaN, as k6's own metrics API does.
func (a *aggregator) add(s *metrics.Sample) {
	if math.IsNaN(s.Value) {
		return
	}
	c := a.cellAt(s.Time.Unix())
	r, ok := a.routes[s.TimeSeries]
	if !ok {
		r = a.routeTo(s.TimeSeries, c)
	}
	r.series.in(c).add(s.Value, s.Time)
	for _, k := range r.keys {
		k.in(c).add(s.Value, s.Time)
	}
	if r.failure != nil && s.Value != 0 {
		r.failure.count++
	}
}

// start returns the start of the cell that contains a Unix second.
func (a *aggregator) start(second int64) int64 {
	return second - ((second%a.width)+a.width)%a.width // rounds down for negative seconds too
}

func (a *aggregator) cellAt(second int64) *cell {
	if c := a.current; c != nil && second >= c.t && second < c.t+a.width {
		return c
	}
	t := a.start(second)
	c, ok := a.open[t]
	if !ok {
		c = &cell{t: t, series: make(map[*series]accumulator), keys: make(map[*key]*keyAccumulator)}
		a.open[t] = c
	}
	a.current = c
	return c
}

func (a *aggregator) routeTo(ts metrics.TimeSeries, c *cell) *route {
	m := a.metricOf(ts.Metric)
	s, overflowed := m.seriesFor(ts.Tags)
	if overflowed {
		a.overflow = append(a.overflow, m.Name)
		slices.Sort(a.overflow)
	}
	if m.namesGroups {
		a.addGroup(ts.Tags, c)
	}
	r := &route{series: s}
	if m.Name == metrics.HTTPReqFailedName {
		r.failure = a.failures.of(ts.Tags)
	}
	for _, k := range m.keys {
		if k.matches(ts.Tags) {
			r.keys = append(r.keys, k)
		}
	}
	if len(a.routes) >= maxCachedSeries {
		clear(a.routes)
	}
	a.routes[ts] = r
	return r
}

func (a *aggregator) metricOf(metric *metrics.Metric) *metricState {
	if m, ok := a.metrics[metric]; ok {
		return m
	}
	m := newMetricState(metric, a.sections)
	a.metrics[metric] = m
	for _, spec := range a.specs[metric.Name] {
		k, err := spec.bind(m)
		if err != nil {
			a.logger.WithError(err).Warnf("ignoring the thresholds on %s: its tags cannot be parsed", spec.name)
			continue
		}
		m.keys = append(m.keys, k)
	}
	if metric.Name == metrics.VUsName || metric.Name == metrics.VUsMaxName {
		s, _ := m.seriesFor(nil)
		a.forwardFills = append(a.forwardFills, &forwardFill{series: s})
	}
	return m
}

func (a *aggregator) addGroup(tags *metrics.TagSet, c *cell) {
	group, ok := tags.Get("group")
	if !ok || a.groups[group] || len(a.groups) >= seriesCap {
		return
	}
	a.groups[group] = true
	c.groups = append(c.groups, group)
}

// take removes and returns the cells so far, ordered by time. The cell of the second now is still being filled and stays,
// unless this is the end. A sample that arrives after its cell was taken starts another part of that cell.
func (a *aggregator) take(now int64, end bool) []*cell {
	running := a.start(now)
	until := running
	if end {
		until += a.width
	}
	for _, f := range a.forwardFills {
		f.fill(a, until)
	}
	cells := []*cell{}
	for _, t := range slices.Sorted(maps.Keys(a.open)) {
		if t == running && !end {
			continue
		}
		c := a.open[t]
		delete(a.open, t)
		cells = append(cells, c)
		c.detach()
	}
	a.current = nil
	return cells
}

// detach removes the references to the cell from its series and keys, so that it can be collected.
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

// values returns the cell as the contract defines it.
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
