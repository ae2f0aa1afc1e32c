package fleet

import "go.k6.io/k6/v2/metrics"

var (
	requestTags = []string{"name", "method", "status", "scenario"}
	checkTags   = []string{"check", "group"}
	groupTags   = []string{"group"}
	otherTags   = []string{"scenario"}
	noTags      = []string{}
)

// keptTags are the tags that a metric is broken down by. All other metrics, including custom ones, keep otherTags. The
// other tags are dropped, because url, ip and the script's own tags may have any number of values.
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
	// overflowTag marks the series that counts everything past the cap.
	overflowTag = "overflow"
	// seriesCap is the maximum number of series of a metric in one process.
	seriesCap = 1000
)

// seriesID identifies a series of one metric by the values of its kept tags. Bit i of present is set if tag i is present:
// its value may be empty.
type seriesID struct {
	present uint8
	values  [maxKeptTags]string
}

// project returns the values of the kept tags. It creates no tag set, because k6 never frees one.
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

// series is the part of a metric with certain tags. It lives as long as the process.
type series struct {
	metric *metricState
	tags   map[string]string
	// The cell of the latest sample, and its accumulator: most samples go to the same cell as the one before.
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

// metricState holds the series and keys of one metric. It lives as long as the process.
type metricState struct {
	*metrics.Metric
	kept     []string
	series   map[seriesID]*series
	overflow *series
	keys     []*key
	// namesGroups says that the group tags of this metric make up the list of groups.
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
// overflowed reports whether this call has created it.
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
