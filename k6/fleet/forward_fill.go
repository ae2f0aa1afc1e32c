package fleet

import "time"

// A gap in vus longer than this is left open: the clock was set, or the machine slept. Seconds.
const maxCarried = 3600

// forwardFill gives every cell from a gauge's first sample on a value: the last one known. k6 samples vus about once a second,
// so some seconds have none; with it, the VUs of many tasks are the sum over each second.
type forwardFill struct {
	series *series
	known  bool
	last   float64
	lastAt time.Time
	next   int64 // the first cell that is not filled
}

// fill gives all cells before `until` a value.
func (c *forwardFill) fill(f *aggregator, until int64) {
	for t := range f.open {
		if !c.known && t < until && f.open[t].series[c.series] != nil && (c.next == 0 || t < c.next) {
			c.next = t
		}
	}
	if c.next == 0 {
		return
	}
	c.known = true
	for t, cell := range f.open { // parts of cells that are filled already
		if t < c.next {
			c.adopt(cell)
		}
	}
	c.next = max(c.next, f.start(until-maxCarried))
	for ; c.next < until; c.next += f.width {
		if open, ok := f.open[c.next]; ok && c.adopt(open) {
			continue
		}
		// Taken for older than any sample of this cell that may still come.
		c.series.in(f.cellAt(c.next)).add(c.last, time.Unix(c.next, 0))
	}
}

// adopt takes the cell's value over where it is newer. False: the cell has none.
func (c *forwardFill) adopt(cell *cell) bool {
	acc, ok := cell.series[c.series]
	if !ok {
		return false
	}
	if g := acc.(*gauge); g.at.After(c.lastAt) {
		c.last, c.lastAt = g.last, g.at
	}
	return true
}
