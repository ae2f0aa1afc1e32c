package fleet

import (
	"slices"

	"go.k6.io/k6/v2/metrics"
)

var (
	requestTags = []string{"name", "method", "status", "scenario"}
	checkTags   = []string{"check", "group"}
	groupTags   = []string{"group"}
	otherTags   = []string{"scenario"}
	noTags      = []string{}
	// sectionTags say which section of `--summary-mode full` a sample belongs to.
	sectionTags = []string{"scenario", "group"}
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

const maxKeptTags = 5

// keptTagsOf returns the tags that a metric is broken down by; for sections, these and the section tags.
func keptTagsOf(metric string, sections bool) []string {
	kept, ok := keptTags[metric]
	if !ok {
		kept = otherTags
	}
	if !sections || metric == metrics.VUsName || metric == metrics.VUsMaxName { // k6 samples VUs outside scenarios
		return kept
	}
	all := slices.Clone(kept)
	for _, tag := range sectionTags {
		if !slices.Contains(all, tag) {
			all = append(all, tag)
		}
	}
	return all
}

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
	kept   []string
	series map[seriesID]*series
	// overflow counts everything past the cap, by those tags of overflowKept.
	overflow     map[seriesID]*series
	overflowKept []string
	keys         []*key
	// namesGroups says that the group tags of this metric make up the list of groups.
	namesGroups bool
}

func newMetricState(m *metrics.Metric, sections bool) *metricState {
	overflowKept := noTags
	if sections {
		overflowKept = sectionTags
	}
	return &metricState{
		Metric: m, kept: keptTagsOf(m.Name, sections), series: make(map[seriesID]*series),
		overflow: make(map[seriesID]*series), overflowKept: overflowKept,
		namesGroups: m.Name == metrics.ChecksName || m.Name == metrics.GroupDurationName,
	}
}

// seriesFor returns the series that samples with these tags belong to. Past the cap that is an overflow series; overflowed
// reports whether this call has created the first of them.
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
	return m.overflowFor(tags)
}

// overflowFor returns the overflow series for these tags. Those have a cap too: past it, all samples go to one without
// other tags.
func (m *metricState) overflowFor(tags *metrics.TagSet) (s *series, first bool) {
	id := project(tags, m.overflowKept)
	if s, ok := m.overflow[id]; ok {
		return s, false
	}
	if len(m.overflow) >= seriesCap {
		id = seriesID{}
		if s, ok := m.overflow[id]; ok {
			return s, false
		}
	}
	s = &series{metric: m, tags: id.tags(m.overflowKept)}
	s.tags[overflowTag] = "true"
	m.overflow[id] = s
	return s, len(m.overflow) == 1
}
