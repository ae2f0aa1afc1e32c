package fleet

import "go.k6.io/k6/v2/metrics"

var (
	requestTags = []string{"name", "method", "status", "scenario"}
	checkTags   = []string{"check", "group"}
	groupTags   = []string{"group"}
	otherTags   = []string{"scenario"}
	noTags      = []string{}
)

// keptTags says by which tags a metric is broken down. All other metrics, custom ones too, keep otherTags.
// Everything else is dropped: url, ip and the script's own tags have no bound.
var keptTags = map[string][]string{
	metrics.HTTPReqDurationName: requestTags,
	metrics.HTTPReqsName:        requestTags,
	metrics.HTTPReqFailedName:   requestTags,
	metrics.GRPCReqDurationName: requestTags,
	metrics.ChecksName:          checkTags,
	metrics.GroupDurationName:   groupTags,
	metrics.VUsName:             noTags,
	metrics.VUsMaxName:          noTags,
	metrics.DataSentName:        noTags,
	metrics.DataReceivedName:    noTags,
}

const maxKeptTags = 4

const (
	// overflowTag marks the series that takes all series past the cap.
	overflowTag = "overflow"
	// seriesCap is how many series a metric may have over the life of a process.
	seriesCap = 1000
)

// seriesID tells the series of one metric apart. Bit i of present: there is a tag i; it may be empty.
type seriesID struct {
	present uint8
	values  [maxKeptTags]string
}

// project reads the kept tags. It makes no new tag set, because k6 keeps every tag set for ever.
func project(tags *metrics.TagSet, kept []string) seriesID {
	var id seriesID
	for i, name := range kept {
		if v, ok := tags.Get(name); ok {
			id.present |= 1 << i
			id.values[i] = v
		}
	}
	return id
}

func (id seriesID) tags(kept []string) map[string]string {
	tags := make(map[string]string, len(kept))
	for i, name := range kept {
		if id.present&(1<<i) != 0 {
			tags[name] = id.values[i]
		}
	}
	return tags
}

// series is one part of a metric, for the life of the process.
type series struct {
	metric *metricState
	tags   map[string]string
	// Where the latest sample went: most samples go the same way.
	cell *cell
	acc  accumulator
}

// in returns the accumulator of this series in a cell.
func (s *series) in(c *cell) accumulator {
	if s.cell != c {
		acc, ok := c.series[s]
		if !ok {
			acc = newAccumulator(s.metric.Type)
			c.series[s] = acc
			c.order = append(c.order, s)
		}
		s.cell, s.acc = c, acc
	}
	return s.acc
}

// metricState is what is known of one metric over the life of the process.
type metricState struct {
	*metrics.Metric
	kept     []string
	series   map[seriesID]*series
	overflow *series
	keys     []*key
	// Its group tags tell which groups there are.
	namesGroups bool
}

func newMetricState(m *metrics.Metric) *metricState {
	kept, ok := keptTags[m.Name]
	if !ok {
		kept = otherTags
	}
	return &metricState{
		Metric: m, kept: kept, series: make(map[seriesID]*series),
		namesGroups: m.Name == metrics.ChecksName || m.Name == metrics.GroupDurationName,
	}
}

// seriesFor returns the series that samples with these tags belong to. Past the cap that is the overflow series;
// overflowed: it was made just now.
func (m *metricState) seriesFor(tags *metrics.TagSet) (s *series, overflowed bool) {
	id := project(tags, m.kept)
	if s, ok := m.series[id]; ok {
		return s, false
	}
	if len(m.series) < seriesCap {
		s := &series{metric: m, tags: id.tags(m.kept)}
		m.series[id] = s
		return s, false
	}
	if m.overflow == nil {
		m.overflow = &series{metric: m, tags: map[string]string{overflowTag: "true"}}
		return m.overflow, true
	}
	return m.overflow, false
}
