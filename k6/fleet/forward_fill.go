package fleet

import "time"

// maxFilled bounds the gap that is filled, in seconds. A longer gap means that the clock was set or the machine slept.
const maxFilled = 3600

// forwardFill gives a gauge a value in every cell from its first sample on: the last known one. k6 samples vus about once
// a second, so some seconds have no sample. Once they are filled, the VUs of all tasks can be added up second by second.
type forwardFill struct {
	series *series
	known  bool
	last   float64
	lastAt time.Time
	next   int64 // the first cell that is not filled
}

// fill gives every cell before until a value.
func (f *forwardFill) fill(a *aggregator, until int64) {
	for t := range a.open {
		if !f.known && t < until && a.open[t].series[f.series] != nil && (f.next == 0 || t < f.next) {
			f.next = t
		}
	}
	if f.next == 0 {
		return
	}
	f.known = true
	for t, cell := range a.open { // late parts of cells that are already filled
		if t < f.next {
			f.adopt(cell)
		}
	}
	f.next = max(f.next, a.start(until-maxFilled))
	for ; f.next < until; f.next += a.width {
		if open, ok := a.open[f.next]; ok && f.adopt(open) {
			continue
		}
		// Timestamped with its sample, so that any sample that arrives later is newer, and a reader can see how old it is.
		f.series.in(a.cellAt(f.next)).add(f.last, f.lastAt)
	}
}

// adopt makes the cell's value the last known one if it is newer. It reports whether the cell has a value.
func (f *forwardFill) adopt(cell *cell) bool {
	acc, ok := cell.series[f.series]
	if !ok {
		return false
	}
	if g := acc.(*gauge); g.at.After(f.lastAt) {
		f.last, f.lastAt = g.last, g.at
	}
	return true
}
