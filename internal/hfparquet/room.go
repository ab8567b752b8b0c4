package hfparquet

import "sync"

// room bounds the memory that pages take which are held at the same time: whoever finds
// too little left waits. One page that takes more than all has all.
type room struct {
	mu   sync.Mutex
	more *sync.Cond // some was given back
	all  int64
	left int64
}

func newRoom(bytes int64) *room {
	r := &room{all: bytes, left: bytes}
	r.more = sync.NewCond(&r.mu)
	return r
}

// take waits for so many bytes, and is how many must be given back.
func (r *room) take(bytes int64) int64 {
	bytes = min(bytes, r.all)
	r.mu.Lock()
	defer r.mu.Unlock()
	for r.left < bytes {
		r.more.Wait()
	}
	r.left -= bytes
	return bytes
}

func (r *room) give(bytes int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.left += bytes
	r.more.Broadcast()
}

// held is the room for the pages of all cursors. A goroutine that reads from two of them at
// a time might wait for itself.
var held = newRoom(1 << 30)
