"""Writes values.json, how other implementations walk from inputs.json, and grids.json.

    python3 -m venv v
    v/bin/pip install numpy scipy torch==2.* diffusers==0.42.1
    v/bin/pip install --no-deps k-diffusion==0.1.1.post1 torchdiffeq torchsde trampoline tqdm
    v/bin/python make_values.py

diffusers and k-diffusion are run in float64; diffusers casts to float32 in places, so
its schedulers are loaded with that word replaced. Levels are those of inputs.json, put
in place of a scheduler's own. Methods that neither has are written down here from
their papers.
"""

import importlib.util
import json
import math
import sys
import types

import numpy as np
import torch
from scipy import integrate, stats
from scipy.integrate._ivp import rk

torch.set_default_dtype(torch.float64)
inputs = json.load(open("inputs.json"))
start = np.array(inputs["Start"])
draws = np.array(inputs["Noise"])
CURVES = {name: np.array([[l["Alpha"], l["Sigma"]] for l in levels]) for name, levels in inputs["Levels"].items()}
PARTS = [(p["Weight"], np.array(p["Mean"]), p["Std"]) for p in inputs["Parts"]]
EDM, VP, FLOW = CURVES["edm"], CURVES["vp"], CURVES["flow"]


def D(x, alpha, sigma):
    """E[x_0 | x] for the mixture."""
    logs, means = [], []
    for w, mu, s in PARTS:
        v = (alpha * s) ** 2 + sigma**2
        off = x - alpha * mu
        logs.append(math.log(w) - (off**2).sum(-1) / (2 * v) - math.log(v))
        means.append(mu + alpha * s * s / v * off)
    logs = np.array(logs)
    r = np.exp(logs - logs.max(0))
    r /= r.sum(0)
    return (r[..., None] * np.array(means)).sum(0)


class Draws:
    """The noise of the walk, draw after draw."""

    def __init__(self):
        self.n = 0

    def __call__(self, *_, **__):
        self.n += 1
        return draws[self.n - 1].copy()

    def torch(self, *_, **__):
        return torch.tensor(self())


# --- k-diffusion, on the curve Alpha = 1 ---


def k_diffusion():
    spec = importlib.util.find_spec("k_diffusion")
    package = types.ModuleType("k_diffusion")
    package.__path__ = list(spec.submodule_search_locations)
    sys.modules["k_diffusion"] = package  # without the imports of its training code
    utils = types.ModuleType("k_diffusion.utils")
    utils.append_dims = lambda x, n: x[(...,) + (None,) * (n - x.ndim)]
    sys.modules["k_diffusion.utils"] = package.utils = utils
    import k_diffusion.sampling as sampling

    return sampling


K = k_diffusion()


def k_walk(sampler, **options):
    noise, seen = Draws(), []
    if "noise" in options:
        options.pop("noise")
        options["noise_sampler"] = noise.torch
    model = lambda x, sigma: torch.tensor(D(x.numpy(), 1.0, float(sigma[0])))
    x = torch.tensor(start * EDM[0, 1])
    sigmas = torch.tensor(EDM[:, 1])
    old, torch.randn_like = torch.randn_like, noise.torch
    try:
        end = sampler(model, x, sigmas, disable=True, callback=lambda at: seen.append(at["x"].clone().numpy()), **options)
    finally:
        torch.randn_like = old
    return seen[1:] + [end.numpy()]


# --- diffusers, with our levels ---


def scheduler(module, name, patches=(), **config):
    spec = importlib.util.find_spec("diffusers.schedulers." + module)
    text = open(spec.origin).read().replace("float32", "float64")
    for before, after in patches:
        assert before in text, before
        text = text.replace(before, after)
    loaded = types.ModuleType("diffusers.schedulers.patched_" + module)
    loaded.__package__ = "diffusers.schedulers"
    loaded.__file__ = spec.origin
    sys.modules[loaded.__name__] = loaded
    exec(compile(text, spec.origin, "exec"), loaded.__dict__)
    return loaded, getattr(loaded, name)(**config)


def d_walk(curve, module, name, noise_argument=None, patches=(), **config):
    """A scheduler that steps through its sigmas."""
    levels = CURVES[curve]
    flow = dict(use_flow_sigmas=True) if curve == "flow" else {}
    loaded, s = scheduler(module, name, patches, prediction_type="sample", **flow, **config)
    steps = len(levels) - 1
    s.set_timesteps(steps)
    s.sigmas = torch.tensor(levels[:, 1] if curve == "flow" else levels[:, 1] / levels[:, 0])
    s.timesteps = torch.arange(steps, 0, -1) * 10
    noise, path = Draws(), []
    if noise_argument is None:
        loaded.randn_tensor = noise.torch
    x = torch.tensor(start * levels[0, 1])
    for i, t in enumerate(s.timesteps):
        clean = torch.tensor(D(x.numpy(), *levels[i]))
        extra = {noise_argument: noise.torch()} if noise_argument else {}
        x = s.step(clean, t, x, **extra).prev_sample
        path.append(x.numpy().copy())
    return path


def ddim_walk(curve, eta, **options):
    """DDIMScheduler steps through ᾱ at integer times: here one time for each level."""
    levels = CURVES[curve]
    _, s = scheduler("scheduling_ddim", "DDIMScheduler", num_train_timesteps=len(levels), prediction_type="sample", **({"clip_sample": False} | options))
    s.set_timesteps(len(levels))  # so that the step from time t is to t - 1
    s.alphas_cumprod = torch.tensor(levels[::-1, 0].copy() ** 2)
    noise, path = Draws(), []
    x = torch.tensor(start * levels[0, 1])
    for i in range(len(levels) - 1):
        clean = torch.tensor(D(x.numpy(), *levels[i]))
        x = s.step(clean, len(levels) - 1 - i, x, eta=eta, variance_noise=noise.torch() if eta else None).prev_sample
        path.append(x.numpy().copy())
    return path


def ipndm_walk(curve):
    """IPNDMScheduler's own schedule is replaced; its model output is such that its ets is ε."""
    levels = CURVES[curve]
    _, s = scheduler("scheduling_ipndm", "IPNDMScheduler")
    s.set_timesteps(len(levels) - 1)
    s.alphas, s.betas = torch.tensor(levels[:, 0]), torch.tensor(levels[:, 1])
    path, x = [], torch.tensor(start * levels[0, 1])
    for i, t in enumerate(s.timesteps):
        a, b = levels[i]
        eps = (x.numpy() - a * D(x.numpy(), a, b)) / b
        x = s.step(torch.tensor((eps - x.numpy() * b) / a), t, x).prev_sample
        path.append(x.numpy().copy())
    return path


# --- from the papers ---


def paper(step, curve):
    """step(x, from, to, memory, noise) in the coordinates of the curve."""
    levels, memory, noise, path = CURVES[curve], {}, Draws(), []
    x = start * levels[0, 1]
    for i in range(len(levels) - 1):
        x = step(x, levels[i], levels[i + 1], memory, noise)
        path.append(x)
    return path


def posterior(x, f, t, noise):
    """A draw of q(x_t | x_f, x_0 = D), Ho et al. 2020, eq. 6-7 (for any Alpha: Kingma et al. 2021, appendix A)."""
    r = f[0] / t[0]
    w2 = f[1] ** 2 - (r * t[1]) ** 2
    mean = r * t[1] ** 2 / f[1] ** 2 * x + t[0] * w2 / f[1] ** 2 * D(x, *f)
    return mean + t[1] * math.sqrt(w2) / f[1] * noise()


def ancestral(x, f, t, memory, noise):
    return posterior(x, f, t, noise)


def larger(x, f, t, memory, noise):
    """Ho et al. 2020, section 3.2: the posterior's mean with the variance of q(x_f | x_t), on
    their curve, Alpha² + Sigma² = 1, and back."""
    cf, ct = np.hypot(*f), np.hypot(*t)
    f1, t1 = f / cf, t / ct
    y = posterior(x / cf, f1, t1, lambda: 0) + math.sqrt(f1[1] ** 2 - (f1[0] / t1[0] * t1[1]) ** 2) * noise()
    return y * ct


def langevin(x, f, t, memory, noise):
    """Song et al. 2021, algorithms 2-3, e = 2·(0.16·Sigma)²."""
    x = posterior(x, f, t, noise)
    e = 2 * (0.16 * t[1]) ** 2
    score = (t[0] * D(x, *t) - x) / t[1] ** 2
    return x + e * score + math.sqrt(2 * e) * noise()


def repaint(x, f, t, memory, noise):
    """Lugmayr et al. 2022, algorithm 1, with three tries."""
    for n in range(3):
        x = posterior(x, f, t, noise)
        known = np.zeros_like(x)
        known[:, 0] = inputs["Known"]
        x[:, 0] = (t[0] * known + t[1] * noise())[:, 0]
        if n < 2:
            r = f[0] / t[0]
            x = r * x + math.sqrt(f[1] ** 2 - (r * t[1]) ** 2) * noise()
    return x


def er_sde(x, f, t, memory, noise):
    """Cui et al. 2023, eq. 10: the parabola through the last answers, integrated by adaptive quadrature."""
    phi = lambda s: s * (math.exp(s**0.3) + 10)
    dphi = lambda s: math.exp(s**0.3) + 10 + 0.3 * s**0.3 * math.exp(s**0.3)
    s, e = f[1] / f[0], t[1] / t[0]
    past = ([(s, D(x, *f))] + memory.get("past", []))[:3]
    memory["past"] = past
    y = phi(e) / phi(s) * x / f[0]
    for j, (at, answer) in enumerate(past):
        def lagrange(u):
            p = 1.0
            for i, (other, _) in enumerate(past):
                if i != j:
                    p *= (u - other) / (at - other)
            return p
        w = integrate.quad(lambda v: -lagrange(math.exp(v)) * dphi(math.exp(v)) / phi(math.exp(v)) ** 2 * math.exp(v), math.log(s), math.log(e), epsabs=0, epsrel=1e-13)[0]
        y = y + phi(e) * w * answer
    return t[0] * (y + math.sqrt(e**2 - (s * phi(e) / phi(s)) ** 2) * noise())


def gradient_estimation(x, f, t, memory, noise):
    """Permenter & Yuan 2024, algorithm 2, γ = 2, in x/Alpha."""
    eps = (x - f[0] * D(x, *f)) / f[1]
    bar = 2 * eps - memory["eps"] if "eps" in memory else eps
    memory["eps"] = eps
    return t[0] * (x / f[0] + (t[1] / t[0] - f[1] / f[0]) * bar)


def churned(x, f, t, memory, noise):
    """Karras et al. 2022, algorithm 2, in x/Alpha."""
    s, e, gain = f[1] / f[0], t[1] / t[0], 40 / 256
    y = x / f[0]
    if 0.05 <= s <= 50:
        up = s * (1 + gain)
        y = y + math.sqrt(up**2 - s**2) * noise()
        s = up
    d = (y - D(y, 1, s)) / s
    z = y + (e - s) * d
    return t[0] * (y + (e - s) * (d + (z - D(z, 1, e)) / e) / 2)


def two_s(x, f, t, memory, noise):
    """Lu et al. 2022 (arXiv:2211.01095), algorithm 1 with r = 1/2, in x/Alpha."""
    s, e = f[1] / f[0], t[1] / t[0]
    m = math.sqrt(s * e)
    y = x / f[0]
    u = m / s * y + (1 - m / s) * D(y, 1, s)
    return t[0] * (e / s * y + (1 - e / s) * D(u, 1, m))


def dpm2(x, f, t, memory, noise):
    """Lu et al. 2022 (arXiv:2206.00927), algorithm 1 with r = 1/2, in x/Alpha."""
    s, e = f[1] / f[0], t[1] / t[0]
    m = math.sqrt(s * e)
    y = x / f[0]
    u = y + (m - s) * (y - D(y, 1, s)) / s
    return t[0] * (y + (e - s) * (u - D(u, 1, m)) / m)


def dormand_prince(x, f, t, memory, noise):
    """SciPy's RK45, one step, on dy/ds = y - D."""
    fun = lambda s, y: y - D(y.reshape(start.shape), 1, math.exp(s)).ravel()
    a, b = math.log(f[1] / f[0]), math.log(t[1] / t[0])
    y = (x / f[0]).ravel()
    stages = np.empty((7, y.size))
    out, _ = rk.rk_step(fun, a, y, fun(a, y), b - a, rk.RK45.A, rk.RK45.B, rk.RK45.C, stages)
    return t[0] * out.reshape(start.shape)


def multistep(x, f, t, memory, noise, keep, tau, curvature=1.0):
    """Polynomials of D through the last answers, integrated by adaptive quadrature in λ over the
    step of the SDE with noise τ: eq. 11-12 and 14 of Xue et al. 2023 (arXiv:2309.05019)."""
    lam = lambda l: math.log(l[0] / l[1])
    a, b = lam(f), lam(t)
    h, k = b - a, 1 + tau**2
    past = ([(a, D(x, *f))] + memory.get("past", []))[:keep]
    memory["past"] = past
    newton, table = [past[0][1]], [p[1] for p in past]
    for level in range(1, len(past)):
        table = [(table[i] - table[i + 1]) / (past[i][0] - past[i + level][0]) for i in range(len(table) - 1)]
        newton.append(table[0])
    # in powers of u = λ - a
    powers = [newton[0]]
    if len(past) == 2:
        powers += [newton[1]]
    if len(past) == 3:
        powers += [newton[1] + newton[2] * (a - past[1][0]), curvature * newton[2]]
    mean = 0
    for m, c in enumerate(powers):
        w = integrate.quad(lambda u: k * math.exp(-k * (h - u)) * u**m, 0, h, epsabs=0, epsrel=1e-13)[0]
        mean = mean + w * c
    out = t[1] / f[1] * math.exp(-(tau**2) * h) * x + t[0] * mean
    if tau:
        out = out + t[1] * math.sqrt(-math.expm1(-2 * tau**2 * h)) * noise()
    return out


def steps(**options):
    return lambda *a: multistep(*a, **options)


values = {}


def put(name, source, **paths):
    for curve, path in paths.items():
        values.setdefault(name, {})[curve] = {"From": source, "Path": [np.asarray(p).tolist() for p in path]}


def papers(name, step, curves=("vp", "edm", "flow")):
    put(name, "NumPy from the paper", **{c: paper(step, c) for c in curves})


k = "k-diffusion"
put("ddim", k, edm=k_walk(K.sample_euler))
put("euler-a", k, edm=k_walk(K.sample_euler_ancestral, noise=True))
put("ddpm", k, edm=k_walk(K.sample_euler_ancestral, noise=True))
put("heun", k, edm=k_walk(K.sample_heun))
put("dpm2", k, edm=k_walk(K.sample_dpm_2))
put("dpm2-a", k, edm=k_walk(K.sample_dpm_2_ancestral, noise=True))
put("lms", k, edm=k_walk(K.sample_lms))
put("lms-3", k, edm=k_walk(K.sample_lms, order=3))
put("dpm++2s", k, edm=k_walk(K.sample_dpmpp_2s_ancestral, eta=0.0, noise=True))
put("dpm++2m", k, edm=k_walk(K.sample_dpmpp_2m))
put("dpm++2m-sde", k, edm=k_walk(K.sample_dpmpp_2m_sde, noise=True))
put("dpm++3m-sde-compat", k, edm=k_walk(K.sample_dpmpp_3m_sde, noise=True))

d, multi = "diffusers", ("scheduling_dpmsolver_multistep", "DPMSolverMultistepScheduler")
put("ddim", d, vp=ddim_walk("vp", 0.0))
put("ddim-0.4", d, vp=ddim_walk("vp", 0.4))
put("ddpm", d, vp=ddim_walk("vp", 1.0))
put("ddim-compat", d, vp=ddim_walk("vp", 0.0, clip_sample=True, clip_sample_range=0.8))
put("ipndm", d, vp=ipndm_walk("vp"), edm=ipndm_walk("edm"), flow=ipndm_walk("flow"))
final = dict(lower_order_final=False, final_sigmas_type="sigma_min")
for c in ("vp", "flow"):
    put("dpm++2m", d, **{c: d_walk(c, *multi, solver_order=2, **final)})
    put("dpm++2m-sde", d, **{c: d_walk(c, *multi, "variance_noise", solver_order=2, algorithm_type="sde-dpmsolver++", **final)})
    put("dpm++3m-compat", d, **{c: d_walk(c, *multi, solver_order=3, solver_type="heun", **final)})
    for p in (1, 2, 3):
        put(f"unipc-{p}", d, **{c: d_walk(c, "scheduling_unipc_multistep", "UniPCMultistepScheduler", solver_order=p, **final)})
    for order, name in ((2, "deis-2"), (3, "deis")):
        put(name, d, **{c: d_walk(c, "scheduling_deis_multistep", "DEISMultistepScheduler", solver_order=order, lower_order_final=False)})
    # Its steps of order 2 have a change for few steps (it says so) that is taken out here.
    exact = (("                order == 2\n", "                order == -2\n"),)
    for name, order, tau in (("sa-solver", 3, 1.0), ("sa-solver-22", 2, 0.5)):
        put(name, d, **{c: d_walk(c, "scheduling_sasolver", "SASolverScheduler", patches=exact, predictor_order=order,
                                  corrector_order=order + 1, tau_func=lambda t, tau=tau: torch.tensor(tau, dtype=torch.float64), lower_order_final=False)})

for c in ("vp", "flow"):
    papers("dpm2", dpm2, (c,))
    papers("dpm++2s", two_s, (c,))
papers("euler-a", ancestral, ("vp", "flow"))
papers("ddpm-large", larger)
papers("heun-churn", churned)
papers("dpm++3m", steps(keep=3, tau=0))
papers("dpm++3m-sde", steps(keep=3, tau=1))
papers("dpm++3m-compat", steps(keep=3, tau=0, curvature=0.5), ("edm",))
papers("dpm++3m-sde-compat", steps(keep=3, tau=1, curvature=0.5), ("vp", "flow"))
papers("er-sde", er_sde)
papers("gradient-estimation", gradient_estimation)
papers("langevin", langevin)
papers("repaint", repaint)
put("dopri5-fixed", "SciPy", **{c: paper(dormand_prince, c) for c in CURVES})

json.dump(values, open("values.json", "w"), separators=(",", ":"))

# --- schedules and grids ---


def exp_of_integral(beta):
    """(Alpha, Sigma) of the variance-preserving process with rate β(t)."""

    def level(t):
        i = integrate.quad(beta, 0, t, epsabs=0, epsrel=1e-13)[0]
        return [math.exp(-i / 2), math.sqrt(-math.expm1(-i))]

    return level


def on_circle(alpha2):
    return lambda t: [math.sqrt(alpha2(t)), math.sqrt(1 - alpha2(t))]


logistic = lambda u: 1 / (1 + math.exp(-u))
laplace = stats.laplace(0, 0.5)
times = [0.01, 0.1, 0.3, 0.5, 0.77, 0.95]
schedules = {
    "vp": exp_of_integral(lambda t: 0.1 + 19.9 * t),
    "scaled-linear": exp_of_integral(lambda t: (math.sqrt(0.85) + t * (math.sqrt(12) - math.sqrt(0.85))) ** 2),
    "cosine": on_circle(lambda t: math.cos((t + 0.008) / 1.008 * math.pi / 2) ** 2 / math.cos(0.008 / 1.008 * math.pi / 2) ** 2),
    "sigmoid": on_circle(lambda t: (logistic(3) - logistic(6 * t - 3)) / (logistic(3) - logistic(-3))),
    "laplace": on_circle(lambda t: logistic(laplace.ppf(1 - t))),  # log-SNR falls through its quantiles
    "edm": lambda t: [1, float(K.get_sigmas_karras(1001, 0.002, 80.0)[:-1].flip(0)[round(1000 * t)])],
    "ve": lambda t: [1, 0.01 * (50 / 0.01) ** t],
    "flow": lambda t: [1 - t, t],
    "cosine-flow": lambda t: [math.cos(math.pi / 2 * t), math.sin(math.pi / 2 * t)],
}

grids = {}
for n in (5, 10, 30):
    ddim = {}
    for kind in ("leading", "linspace", "trailing"):
        _, s = scheduler("scheduling_ddim", "DDIMScheduler", timestep_spacing=kind)
        s.set_timesteps(n)
        ddim[kind] = [(1 + int(k)) / 1000 for k in s.timesteps]
    _, s = scheduler("scheduling_euler_discrete", "EulerDiscreteScheduler", timestep_spacing="linspace")
    s.set_timesteps(n)
    ddim["linspace-even"] = [(1 + float(k)) / 1000 for k in np.linspace(0, 999, n)[::-1]]
    assert np.allclose(s.timesteps, np.linspace(0, 999, n)[::-1], atol=1e-4)  # float32 there
    for kind in ("leading", "linspace"):
        _, s = scheduler("scheduling_dpmsolver_multistep", "DPMSolverMultistepScheduler", timestep_spacing=kind)
        s.set_timesteps(n)
        ddim[kind + "-inner"] = [(1 + int(k)) / 1000 for k in s.timesteps]
    share = 1 - np.arange(n) / n
    flow = scheduler("scheduling_flow_match_euler_discrete", "FlowMatchEulerDiscreteScheduler", shift=3.0)[1]
    flow.set_timesteps(sigmas=share.tolist())
    steep = [math.log(a / b) for a, b in (schedules["vp"](1.0), schedules["vp"](0.001))]
    grids[str(n)] = {
        "VPRatios": {"log-snr": np.exp(-np.linspace(*steep, n)).tolist()},
        "Times": ddim | {
            "uniform": share.tolist(),
            "quadratic": (share**2).tolist(),
            "beta": stats.beta.ppf(share, 0.6, 0.6).tolist(),
            "shifted": flow.sigmas[:-1].tolist(),
        },
        "Ratios": {
            "karras": K.get_sigmas_karras(n, 0.002, 80.0)[:-1].tolist(),
            "exponential": K.get_sigmas_exponential(n, 0.002, 80.0)[:-1].tolist(),
        },
    }

found = {"Times": times, "Schedules": {name: [level(t) for t in times] for name, level in schedules.items()}, "Grids": grids}
json.dump(found, open("grids.json", "w"), indent=1)
