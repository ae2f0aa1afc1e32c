// Package num encodes floats as JSON, which has no infinities.
package num

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
)

// Num is a float64 that JSON can carry: infinities and NaN become the strings "Inf", "-Inf" and "NaN".
type Num float64

// MarshalJSON writes the shortest decimal that reads back as the same float64.
func (n Num) MarshalJSON() ([]byte, error) {
	v := float64(n)
	switch {
	case math.IsNaN(v):
		return []byte(`"NaN"`), nil
	case math.IsInf(v, 1):
		return []byte(`"Inf"`), nil
	case math.IsInf(v, -1):
		return []byte(`"-Inf"`), nil
	case v == 0: // also -0, which JSON would keep
		return []byte("0"), nil
	}
	return strconv.AppendFloat(make([]byte, 0, 24), v, 'g', -1, 64), nil
}

// UnmarshalJSON reads what MarshalJSON writes.
func (n *Num) UnmarshalJSON(data []byte) error {
	switch string(data) {
	case `"NaN"`:
		*n = Num(math.NaN())
		return nil
	case `"Inf"`:
		*n = Num(math.Inf(1))
		return nil
	case `"-Inf"`:
		*n = Num(math.Inf(-1))
		return nil
	}
	var v float64
	if err := json.Unmarshal(data, &v); err != nil {
		return fmt.Errorf("%s is not a number, \"Inf\", \"-Inf\" or \"NaN\"", data)
	}
	*n = Num(v)
	return nil
}
