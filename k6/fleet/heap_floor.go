package fleet

import "os"

// heapFloor is memory that nobody uses, so it takes no pages: with it the heap is large enough to be collected seldom.
// Plain k6 keeps every sample, so its heap soon is; ours stays at the few megabytes that VUs need, and was collected more
// often than plain k6's, which cost more than all of this extension.
var heapFloor []byte //nolint:gochecknoglobals

const heapFloorBytes = 32 << 20

// raiseHeapFloor leaves the collector alone where the user has set it.
func raiseHeapFloor() {
	if os.Getenv("GOGC") == "" && os.Getenv("GOMEMLIMIT") == "" {
		heapFloor = make([]byte, heapFloorBytes)
	}
}
