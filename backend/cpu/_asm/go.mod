module drift/backend/cpu/_asm

go 1.26.5

require github.com/mmcloughlin/avo v0.6.0
