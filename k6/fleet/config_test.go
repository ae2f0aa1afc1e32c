package fleet

import (
	"reflect"
	"testing"
	"time"
)

func TestParseConfig(t *testing.T) {
	for argument, want := range map[string]config{
		"fd=3":                          {fd: 3, cell: time.Second, flush: time.Second},
		"fd=4,cell=5s,flush=200ms":      {fd: 4, cell: 5 * time.Second, flush: 200 * time.Millisecond},
		"fd=3,groups=true":              {fd: 3, cell: time.Second, flush: time.Second, groups: true},
		"path=/tmp/a=b,flush=1m":        {path: "/tmp/a=b", cell: time.Second, flush: time.Minute},
		"fd=3,redact=TOKEN+A%2BB":       {fd: 3, cell: time.Second, flush: time.Second, redact: []string{"TOKEN", "A+B"}},
		"cell=1m0s,path=lines,flush=2s": {path: "lines", cell: time.Minute, flush: 2 * time.Second},
	} {
		if got, err := parseConfig(argument); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %+v, %v", argument, got, err)
		}
	}
	for _, argument := range []string{
		"", "fd", "fd=x", "fd=2", "fd=-1", "fd=3,path=x", "path=", "cell=1s", "fd=3,cell=500ms", "fd=3,cell=1500ms", "fd=3,cell=0s",
		"fd=3,flush=1ms", "fd=3,flush=1", "fd=3,", "fd=3,color=red", "fd=3,redact", "fd=3,redact=A+",
		"fd=3,groups", "fd=3,groups=yes",
	} {
		if got, err := parseConfig(argument); err == nil {
			t.Errorf("%q gave %+v, want an error", argument, got)
		}
	}
}
