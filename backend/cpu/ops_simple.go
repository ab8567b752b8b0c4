package cpu

import "github.com/gomlx/compute"

// Operations of one or two values, and reductions. What each does is said at
// compute.Function.

// Abs records the operation of that name.
func (f *Function) Abs(x compute.Value) (compute.Value, error) {
	return f.unary(compute.OpTypeAbs, x, compute.Function.Abs)
}

// BitCount records the operation of that name.
func (f *Function) BitCount(x compute.Value) (compute.Value, error) {
	return f.unary(compute.OpTypeBitCount, x, compute.Function.BitCount)
}

// BitwiseNot records the operation of that name.
func (f *Function) BitwiseNot(x compute.Value) (compute.Value, error) {
	return f.unary(compute.OpTypeBitwiseNot, x, compute.Function.BitwiseNot)
}

// Ceil records the operation of that name.
func (f *Function) Ceil(x compute.Value) (compute.Value, error) {
	return f.unary(compute.OpTypeCeil, x, compute.Function.Ceil)
}

// Clz records the operation of that name.
func (f *Function) Clz(x compute.Value) (compute.Value, error) {
	return f.unary(compute.OpTypeClz, x, compute.Function.Clz)
}

// Conj records the operation of that name.
func (f *Function) Conj(x compute.Value) (compute.Value, error) {
	return f.unary(compute.OpTypeConj, x, compute.Function.Conj)
}

// Cos records the operation of that name.
func (f *Function) Cos(x compute.Value) (compute.Value, error) {
	return f.unary(compute.OpTypeCos, x, compute.Function.Cos)
}

// Erf records the operation of that name.
func (f *Function) Erf(x compute.Value) (compute.Value, error) {
	return f.unary(compute.OpTypeErf, x, compute.Function.Erf)
}

// Exp records the operation of that name.
func (f *Function) Exp(x compute.Value) (compute.Value, error) {
	return f.unary(compute.OpTypeExp, x, compute.Function.Exp)
}

// Expm1 records the operation of that name.
func (f *Function) Expm1(x compute.Value) (compute.Value, error) {
	return f.unary(compute.OpTypeExpm1, x, compute.Function.Expm1)
}

// Floor records the operation of that name.
func (f *Function) Floor(x compute.Value) (compute.Value, error) {
	return f.unary(compute.OpTypeFloor, x, compute.Function.Floor)
}

// Identity records the operation of that name.
func (f *Function) Identity(x compute.Value) (compute.Value, error) {
	return f.unary(compute.OpTypeIdentity, x, compute.Function.Identity)
}

// Imag records the operation of that name.
func (f *Function) Imag(x compute.Value) (compute.Value, error) {
	return f.unary(compute.OpTypeImag, x, compute.Function.Imag)
}

// IsFinite records the operation of that name.
func (f *Function) IsFinite(x compute.Value) (compute.Value, error) {
	return f.unary(compute.OpTypeIsFinite, x, compute.Function.IsFinite)
}

// IsNaN records the operation of that name.
func (f *Function) IsNaN(x compute.Value) (compute.Value, error) {
	return f.unary(compute.OpTypeIsNaN, x, compute.Function.IsNaN)
}

// Log records the operation of that name.
func (f *Function) Log(x compute.Value) (compute.Value, error) {
	return f.unary(compute.OpTypeLog, x, compute.Function.Log)
}

// Log1p records the operation of that name.
func (f *Function) Log1p(x compute.Value) (compute.Value, error) {
	return f.unary(compute.OpTypeLog1p, x, compute.Function.Log1p)
}

// LogicalNot records the operation of that name.
func (f *Function) LogicalNot(x compute.Value) (compute.Value, error) {
	return f.unary(compute.OpTypeLogicalNot, x, compute.Function.LogicalNot)
}

// Logistic records the operation of that name.
func (f *Function) Logistic(x compute.Value) (compute.Value, error) {
	return f.unary(compute.OpTypeLogistic, x, compute.Function.Logistic)
}

// Neg records the operation of that name.
func (f *Function) Neg(x compute.Value) (compute.Value, error) {
	return f.unary(compute.OpTypeNeg, x, compute.Function.Neg)
}

// Real records the operation of that name.
func (f *Function) Real(x compute.Value) (compute.Value, error) {
	return f.unary(compute.OpTypeReal, x, compute.Function.Real)
}

// Round records the operation of that name.
func (f *Function) Round(x compute.Value) (compute.Value, error) {
	return f.unary(compute.OpTypeRound, x, compute.Function.Round)
}

// Rsqrt records the operation of that name.
func (f *Function) Rsqrt(x compute.Value) (compute.Value, error) {
	return f.unary(compute.OpTypeRsqrt, x, compute.Function.Rsqrt)
}

// Sign records the operation of that name.
func (f *Function) Sign(x compute.Value) (compute.Value, error) {
	return f.unary(compute.OpTypeSign, x, compute.Function.Sign)
}

// Sin records the operation of that name.
func (f *Function) Sin(x compute.Value) (compute.Value, error) {
	return f.unary(compute.OpTypeSin, x, compute.Function.Sin)
}

// Sqrt records the operation of that name.
func (f *Function) Sqrt(x compute.Value) (compute.Value, error) {
	return f.unary(compute.OpTypeSqrt, x, compute.Function.Sqrt)
}

// Tanh records the operation of that name.
func (f *Function) Tanh(x compute.Value) (compute.Value, error) {
	return f.unary(compute.OpTypeTanh, x, compute.Function.Tanh)
}

// Add records the operation of that name.
func (f *Function) Add(lhs, rhs compute.Value) (compute.Value, error) {
	return f.binary(compute.OpTypeAdd, lhs, rhs, compute.Function.Add)
}

// Atan2 records the operation of that name.
func (f *Function) Atan2(lhs, rhs compute.Value) (compute.Value, error) {
	return f.binary(compute.OpTypeAtan2, lhs, rhs, compute.Function.Atan2)
}

// BitwiseAnd records the operation of that name.
func (f *Function) BitwiseAnd(lhs, rhs compute.Value) (compute.Value, error) {
	return f.binary(compute.OpTypeBitwiseAnd, lhs, rhs, compute.Function.BitwiseAnd)
}

// BitwiseOr records the operation of that name.
func (f *Function) BitwiseOr(lhs, rhs compute.Value) (compute.Value, error) {
	return f.binary(compute.OpTypeBitwiseOr, lhs, rhs, compute.Function.BitwiseOr)
}

// BitwiseXor records the operation of that name.
func (f *Function) BitwiseXor(lhs, rhs compute.Value) (compute.Value, error) {
	return f.binary(compute.OpTypeBitwiseXor, lhs, rhs, compute.Function.BitwiseXor)
}

// Complex records the operation of that name.
func (f *Function) Complex(lhs, rhs compute.Value) (compute.Value, error) {
	return f.binary(compute.OpTypeComplex, lhs, rhs, compute.Function.Complex)
}

// Div records the operation of that name.
func (f *Function) Div(lhs, rhs compute.Value) (compute.Value, error) {
	return f.binary(compute.OpTypeDiv, lhs, rhs, compute.Function.Div)
}

// Equal records the operation of that name.
func (f *Function) Equal(lhs, rhs compute.Value) (compute.Value, error) {
	return f.binary(compute.OpTypeEqual, lhs, rhs, compute.Function.Equal)
}

// EqualTotalOrder records the operation of that name.
func (f *Function) EqualTotalOrder(lhs, rhs compute.Value) (compute.Value, error) {
	return f.binary(compute.OpTypeEqualTotalOrder, lhs, rhs, compute.Function.EqualTotalOrder)
}

// GreaterOrEqual records the operation of that name.
func (f *Function) GreaterOrEqual(lhs, rhs compute.Value) (compute.Value, error) {
	return f.binary(compute.OpTypeGreaterOrEqual, lhs, rhs, compute.Function.GreaterOrEqual)
}

// GreaterOrEqualTotalOrder records the operation of that name.
func (f *Function) GreaterOrEqualTotalOrder(lhs, rhs compute.Value) (compute.Value, error) {
	return f.binary(compute.OpTypeGreaterOrEqualTotalOrder, lhs, rhs, compute.Function.GreaterOrEqualTotalOrder)
}

// GreaterThan records the operation of that name.
func (f *Function) GreaterThan(lhs, rhs compute.Value) (compute.Value, error) {
	return f.binary(compute.OpTypeGreaterThan, lhs, rhs, compute.Function.GreaterThan)
}

// GreaterThanTotalOrder records the operation of that name.
func (f *Function) GreaterThanTotalOrder(lhs, rhs compute.Value) (compute.Value, error) {
	return f.binary(compute.OpTypeGreaterThanTotalOrder, lhs, rhs, compute.Function.GreaterThanTotalOrder)
}

// LessOrEqual records the operation of that name.
func (f *Function) LessOrEqual(lhs, rhs compute.Value) (compute.Value, error) {
	return f.binary(compute.OpTypeLessOrEqual, lhs, rhs, compute.Function.LessOrEqual)
}

// LessOrEqualTotalOrder records the operation of that name.
func (f *Function) LessOrEqualTotalOrder(lhs, rhs compute.Value) (compute.Value, error) {
	return f.binary(compute.OpTypeLessOrEqualTotalOrder, lhs, rhs, compute.Function.LessOrEqualTotalOrder)
}

// LessThan records the operation of that name.
func (f *Function) LessThan(lhs, rhs compute.Value) (compute.Value, error) {
	return f.binary(compute.OpTypeLessThan, lhs, rhs, compute.Function.LessThan)
}

// LessThanTotalOrder records the operation of that name.
func (f *Function) LessThanTotalOrder(lhs, rhs compute.Value) (compute.Value, error) {
	return f.binary(compute.OpTypeLessThanTotalOrder, lhs, rhs, compute.Function.LessThanTotalOrder)
}

// LogicalAnd records the operation of that name.
func (f *Function) LogicalAnd(lhs, rhs compute.Value) (compute.Value, error) {
	return f.binary(compute.OpTypeLogicalAnd, lhs, rhs, compute.Function.LogicalAnd)
}

// LogicalOr records the operation of that name.
func (f *Function) LogicalOr(lhs, rhs compute.Value) (compute.Value, error) {
	return f.binary(compute.OpTypeLogicalOr, lhs, rhs, compute.Function.LogicalOr)
}

// LogicalXor records the operation of that name.
func (f *Function) LogicalXor(lhs, rhs compute.Value) (compute.Value, error) {
	return f.binary(compute.OpTypeLogicalXor, lhs, rhs, compute.Function.LogicalXor)
}

// Max records the operation of that name.
func (f *Function) Max(lhs, rhs compute.Value) (compute.Value, error) {
	return f.binary(compute.OpTypeMax, lhs, rhs, compute.Function.Max)
}

// Min records the operation of that name.
func (f *Function) Min(lhs, rhs compute.Value) (compute.Value, error) {
	return f.binary(compute.OpTypeMin, lhs, rhs, compute.Function.Min)
}

// Mul records the operation of that name.
func (f *Function) Mul(lhs, rhs compute.Value) (compute.Value, error) {
	return f.binary(compute.OpTypeMul, lhs, rhs, compute.Function.Mul)
}

// NotEqual records the operation of that name.
func (f *Function) NotEqual(lhs, rhs compute.Value) (compute.Value, error) {
	return f.binary(compute.OpTypeNotEqual, lhs, rhs, compute.Function.NotEqual)
}

// NotEqualTotalOrder records the operation of that name.
func (f *Function) NotEqualTotalOrder(lhs, rhs compute.Value) (compute.Value, error) {
	return f.binary(compute.OpTypeNotEqualTotalOrder, lhs, rhs, compute.Function.NotEqualTotalOrder)
}

// Pow records the operation of that name.
func (f *Function) Pow(lhs, rhs compute.Value) (compute.Value, error) {
	return f.binary(compute.OpTypePow, lhs, rhs, compute.Function.Pow)
}

// Rem records the operation of that name.
func (f *Function) Rem(lhs, rhs compute.Value) (compute.Value, error) {
	return f.binary(compute.OpTypeRem, lhs, rhs, compute.Function.Rem)
}

// ShiftLeft records the operation of that name.
func (f *Function) ShiftLeft(lhs, rhs compute.Value) (compute.Value, error) {
	return f.binary(compute.OpTypeShiftLeft, lhs, rhs, compute.Function.ShiftLeft)
}

// ShiftRightArithmetic records the operation of that name.
func (f *Function) ShiftRightArithmetic(lhs, rhs compute.Value) (compute.Value, error) {
	return f.binary(compute.OpTypeShiftRightArithmetic, lhs, rhs, compute.Function.ShiftRightArithmetic)
}

// ShiftRightLogical records the operation of that name.
func (f *Function) ShiftRightLogical(lhs, rhs compute.Value) (compute.Value, error) {
	return f.binary(compute.OpTypeShiftRightLogical, lhs, rhs, compute.Function.ShiftRightLogical)
}

// Sub records the operation of that name.
func (f *Function) Sub(lhs, rhs compute.Value) (compute.Value, error) {
	return f.binary(compute.OpTypeSub, lhs, rhs, compute.Function.Sub)
}

// ReduceBitwiseAnd records the operation of that name.
func (f *Function) ReduceBitwiseAnd(x compute.Value, axes ...int) (compute.Value, error) {
	return f.reduce(compute.OpTypeReduceBitwiseAnd, x, axes, compute.Function.ReduceBitwiseAnd)
}

// ReduceBitwiseOr records the operation of that name.
func (f *Function) ReduceBitwiseOr(x compute.Value, axes ...int) (compute.Value, error) {
	return f.reduce(compute.OpTypeReduceBitwiseOr, x, axes, compute.Function.ReduceBitwiseOr)
}

// ReduceBitwiseXor records the operation of that name.
func (f *Function) ReduceBitwiseXor(x compute.Value, axes ...int) (compute.Value, error) {
	return f.reduce(compute.OpTypeReduceBitwiseXor, x, axes, compute.Function.ReduceBitwiseXor)
}

// ReduceLogicalAnd records the operation of that name.
func (f *Function) ReduceLogicalAnd(x compute.Value, axes ...int) (compute.Value, error) {
	return f.reduce(compute.OpTypeReduceLogicalAnd, x, axes, compute.Function.ReduceLogicalAnd)
}

// ReduceLogicalOr records the operation of that name.
func (f *Function) ReduceLogicalOr(x compute.Value, axes ...int) (compute.Value, error) {
	return f.reduce(compute.OpTypeReduceLogicalOr, x, axes, compute.Function.ReduceLogicalOr)
}

// ReduceLogicalXor records the operation of that name.
func (f *Function) ReduceLogicalXor(x compute.Value, axes ...int) (compute.Value, error) {
	return f.reduce(compute.OpTypeReduceLogicalXor, x, axes, compute.Function.ReduceLogicalXor)
}

// ReduceMax records the operation of that name.
func (f *Function) ReduceMax(x compute.Value, axes ...int) (compute.Value, error) {
	return f.reduce(compute.OpTypeReduceMax, x, axes, compute.Function.ReduceMax)
}

// ReduceMin records the operation of that name.
func (f *Function) ReduceMin(x compute.Value, axes ...int) (compute.Value, error) {
	return f.reduce(compute.OpTypeReduceMin, x, axes, compute.Function.ReduceMin)
}

// ReduceProduct records the operation of that name.
func (f *Function) ReduceProduct(x compute.Value, axes ...int) (compute.Value, error) {
	return f.reduce(compute.OpTypeReduceProduct, x, axes, compute.Function.ReduceProduct)
}

// ReduceSum records the operation of that name.
func (f *Function) ReduceSum(x compute.Value, axes ...int) (compute.Value, error) {
	return f.reduce(compute.OpTypeReduceSum, x, axes, compute.Function.ReduceSum)
}
