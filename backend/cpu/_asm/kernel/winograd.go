package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// winograd generates the transforms of Lavin and Gray's F(2×2, 3×3), eight channels at
// a time.
func winograd() {
	winogradInput()
	winogradKernel()
	winogradOutput()
	winogradGradient()
	winogradTaps()
}

// channels begins a loop over n times eight channels, with the index of a channel.
func channels() (index reg.GPVirtual, end func()) {
	n := Load(Param("n"), GP64())
	index = GP64()
	XORQ(index, index)
	Label("loop")
	return index, func() {
		ADDQ(operand.U8(8), index)
		DECQ(n)
		JNE(operand.LabelRef("loop"))
		VZEROUPPER()
		RET()
	}
}

// walk gives the channels of what lies at p, and of what lies a stride further each
// time.
func walk(p, stride, index reg.GPVirtual) func() operand.Mem {
	at := GP64()
	first := true
	return func() operand.Mem {
		if first {
			MOVQ(p, at)
		} else {
			ADDQ(stride, at)
		}
		first = false
		return operand.Mem{Base: at, Index: index, Scale: 4}
	}
}

func gp(name string) reg.GPVirtual { return Load(Param(name), GP64()).(reg.GPVirtual) }

func transform(name, signature string) {
	TEXT(name+"AVX2", NOSPLIT, signature)
	Pragma("noescape")
	Doc(fmt.Sprintf("%sAVX2 is %sGo. n is at least 1.", name, name))
}

// winogradInput generates Bᵀ·d·B.
func winogradInput() {
	transform("winogradInput", "func(dst *float32, stride uintptr, src *uintptr, n uintptr)")
	dst, stride, src := gp("dst"), gp("stride"), gp("src")
	c, end := channels()
	to := walk(dst, stride, c)
	pixel := func(i, j int) operand.Mem {
		p := GP64()
		MOVQ(operand.Mem{Base: src, Disp: 8 * (4*i + j)}, p)
		return operand.Mem{Base: p, Index: c, Scale: 4}
	}
	var d1, d2 [4]reg.VecVirtual
	for j := range 4 {
		d1[j], d2[j] = YMM(), YMM()
		VMOVUPS(pixel(1, j), d1[j])
		VMOVUPS(pixel(2, j), d2[j])
	}
	row := func(t [4]reg.VecVirtual) {
		v := YMM()
		VSUBPS(t[2], t[0], v) // t0 - t2
		VMOVUPS(v, to())
		v = YMM()
		VADDPS(t[2], t[1], v)
		VMOVUPS(v, to())
		v = YMM()
		VSUBPS(t[1], t[2], v)
		VMOVUPS(v, to())
		v = YMM()
		VSUBPS(t[3], t[1], v)
		VMOVUPS(v, to())
	}
	var t [4]reg.VecVirtual
	for j := range 4 {
		t[j] = YMM()
		VMOVUPS(pixel(0, j), t[j])
		VSUBPS(d2[j], t[j], t[j])
	}
	row(t)
	for j := range 4 {
		t[j] = YMM()
		VADDPS(d2[j], d1[j], t[j])
	}
	row(t)
	for j := range 4 {
		t[j] = YMM()
		VSUBPS(d1[j], d2[j], t[j])
	}
	row(t)
	for j := range 4 {
		t[j] = YMM()
		VSUBPS(pixel(3, j), d1[j], t[j])
	}
	row(t)
	end()
}

// winogradKernel generates G·g·Gᵀ.
func winogradKernel() {
	transform("winogradKernel", "func(dst *float32, stride uintptr, src *float32, taps uintptr, n uintptr)")
	dst, stride, src, taps := gp("dst"), gp("stride"), gp("src"), gp("taps")
	half := broadcastHalf()
	c, end := channels()
	from, to := walk(src, taps, c), walk(dst, stride, c)
	var g [9]reg.VecVirtual
	for i := range g {
		g[i] = YMM()
		VMOVUPS(from(), g[i])
	}
	row := func(t []reg.VecVirtual) {
		VMOVUPS(t[0], to())
		outer := YMM()
		VADDPS(t[2], t[0], outer)
		for _, op := range []func(...operand.Op){VADDPS, VSUBPS} {
			v := YMM()
			op(t[1], outer, v)
			VMULPS(half, v, v)
			VMOVUPS(v, to())
		}
		VMOVUPS(t[2], to())
	}
	row(g[0:3])
	for _, op := range []func(...operand.Op){VADDPS, VSUBPS} {
		var t [3]reg.VecVirtual
		for j := range t {
			t[j] = YMM()
			VADDPS(g[6+j], g[j], t[j])
			op(g[3+j], t[j], t[j])
			VMULPS(half, t[j], t[j])
		}
		row(t[:])
	}
	row(g[6:9])
	end()
}

// winogradOutput generates Aᵀ·m·A.
func winogradOutput() {
	transform("winogradOutput", "func(dst *uintptr, src *float32, stride uintptr, n uintptr)")
	dst, src, stride := gp("dst"), gp("src"), gp("stride")
	c, end := channels()
	from := walk(src, stride, c)
	var t0, t1 [4]reg.VecVirtual
	for j := range 4 {
		t0[j] = YMM()
		VMOVUPS(from(), t0[j])
	}
	for j := range 4 {
		t1[j] = YMM()
		VMOVUPS(from(), t1[j])
		VADDPS(t1[j], t0[j], t0[j])
	}
	for j := range 4 {
		v := YMM()
		VMOVUPS(from(), v)
		VADDPS(v, t0[j], t0[j])
		VSUBPS(v, t1[j], t1[j])
	}
	for j := range 4 {
		VSUBPS(from(), t1[j], t1[j])
	}
	for i, t := range [][4]reg.VecVirtual{t0, t1} {
		for j := range 2 {
			v := YMM()
			if j == 0 {
				VADDPS(t[1], t[0], v)
				VADDPS(t[2], v, v)
			} else {
				VSUBPS(t[2], t[1], v)
				VSUBPS(t[3], v, v)
			}
			p := GP64()
			MOVQ(operand.Mem{Base: dst, Disp: 8 * (2*i + j)}, p)
			VMOVUPS(v, operand.Mem{Base: p, Index: c, Scale: 4})
		}
	}
	end()
}

// winogradGradient generates A·y·Aᵀ.
func winogradGradient() {
	transform("winogradGradient", "func(dst *float32, stride uintptr, src *uintptr, n uintptr)")
	dst, stride, src := gp("dst"), gp("stride"), gp("src")
	zero := YMM()
	VXORPS(zero, zero, zero)
	c, end := channels()
	to := walk(dst, stride, c)
	var y [4]reg.VecVirtual
	for i := range y {
		y[i] = YMM()
		p := GP64()
		MOVQ(operand.Mem{Base: src, Disp: 8 * i}, p)
		VMOVUPS(operand.Mem{Base: p, Index: c, Scale: 4}, y[i])
	}
	row := func(a, b reg.VecVirtual) {
		VMOVUPS(a, to())
		v := YMM()
		VADDPS(b, a, v)
		VMOVUPS(v, to())
		v = YMM()
		VSUBPS(b, a, v)
		VMOVUPS(v, to())
		v = YMM()
		VSUBPS(b, zero, v)
		VMOVUPS(v, to())
	}
	row(y[0], y[1])
	for _, op := range []func(...operand.Op){VADDPS, VSUBPS} {
		a, b := YMM(), YMM()
		op(y[2], y[0], a)
		op(y[3], y[1], b)
		row(a, b)
	}
	for _, v := range y[2:] {
		VSUBPS(v, zero, v)
	}
	row(y[2], y[3])
	end()
}

// winogradTaps generates Gᵀ·m·G.
func winogradTaps() {
	transform("winogradTaps", "func(dst *float32, taps uintptr, src *float32, stride uintptr, n uintptr)")
	dst, taps, src, stride := gp("dst"), gp("taps"), gp("src"), gp("stride")
	half := broadcastHalf()
	c, end := channels()
	from, to := walk(src, stride, c), walk(dst, taps, c)
	var t [3][4]reg.VecVirtual
	for i := range 2 {
		for j := range 4 {
			t[i][j] = YMM()
			VMOVUPS(from(), t[i][j])
		}
	}
	for j := range 4 {
		v := YMM()
		VMOVUPS(from(), v)
		t[2][j] = YMM()
		VADDPS(v, t[1][j], t[2][j])
		VSUBPS(v, t[1][j], t[1][j])
		VMULPS(half, t[2][j], t[2][j])
		VMULPS(half, t[1][j], t[1][j])
		VADDPS(t[2][j], t[0][j], t[0][j])
	}
	for j := range 4 {
		VADDPS(from(), t[2][j], t[2][j])
	}
	for _, m := range t {
		v := YMM()
		VADDPS(m[2], m[1], v)
		VSUBPS(m[2], m[1], m[1])
		VMULPS(half, v, v)
		VMULPS(half, m[1], m[1])
		VADDPS(v, m[0], m[0])
		VMOVUPS(m[0], to())
		VMOVUPS(m[1], to())
		VADDPS(m[3], v, v)
		VMOVUPS(v, to())
	}
	end()
}

func broadcastHalf() reg.VecVirtual {
	half := YMM()
	x := GP32()
	MOVL(operand.U32(0x3F000000), x)
	VMOVD(x, half.AsX())
	VBROADCASTSS(half.AsX(), half)
	return half
}
