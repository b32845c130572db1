"""The one training loop of every torch generator."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor, nn

from finsim.errors import FitError, ResumeError
from finsim.generators.generator import Budget, FitReport
from finsim.generators.privacy.private_steps import EntityRecipe, Mechanism
from finsim.generators.training.device import one_thread, torch_stream
from finsim.generators.training.rule_penalty import Penalty, Pressed
from finsim.generators.training.training_checkpoint import Course, restore, store
from finsim.generators.training.training_interface import Recipe, Schedule
from finsim.randomness import Streams
from finsim.records.storage import digest_text


def train(
    recipe: Recipe,
    schedule: Schedule,
    budget: Budget,
    streams: Streams,
    progress: Callable[[float, str], None],
    checkpoint: Path | None = None,
    penalty: Penalty | None = None,
    private: Mechanism | None = None,
) -> FitReport:
    """Train ``recipe.network`` in place and leave the averaged (or best held-out) weights in it.

    Step k draws only from ``streams.at("step", k)``, so a run continued from a checkpoint is equal to
    one that was never stopped. ``checkpoint`` names a folder that is written at every check and
    resumed from when it holds one; ResumeError when it belongs to another fit. ``penalty`` judges what
    the model makes, and is added to its losses ``schedule.rule_weight`` times (0: it is not asked).
    ``private`` makes every update private per entity: the recipe is an ``EntityRecipe``, the budget is in
    steps, no loss is kept, and the report has what was spent.
    Raises FitError when a loss stops being finite, PrivacyBudgetError when an update is not planned.
    """
    pressed = None
    if penalty is not None and schedule.rule_weight > 0.0:
        recipe = pressed = Pressed(recipe, penalty, schedule.rule_weight)
    with one_thread():
        untrained = recipe.held_out(1.0)
    course = Course.begin(recipe, schedule)
    identity = _identity(recipe, schedule, budget, streams, private)
    if private is not None:
        course.ledger = private.before
    if checkpoint is not None:
        restore(course, checkpoint, identity)
        if private is not None:
            _refuse_other_spending(course, recipe, budget, private, checkpoint)
    clock = _Clock(budget, course.cpu_seconds)
    with one_thread():
        while (done := clock.share(course.step)) < 1.0 and not course.stale(schedule.patience):
            draw = torch_stream(streams.word("step", course.step))
            rate = _rate(schedule, course.step, done)
            if private is not None:
                _private_updates(course, recipe, private, streams, done, rate)
            else:
                for part, loss in recipe.losses(done, draw):
                    _update(course, part, loss, rate, schedule.clip)
                    if pressed is not None and pressed.amount is not None:
                        course.note("rules", pressed.amount)
            course.average(schedule.ema)
            course.step += 1
            if course.step % schedule.check_every == 0:
                course.check(recipe, done)
                course.cpu_seconds = clock.spent()
                if checkpoint is not None:
                    store(course, checkpoint, identity)
            progress(clock.share(course.step), course.summary())
        course.check(recipe, 1.0)
        course.settle()
    stopped = "early stop" if done < 1.0 else clock.limit(course.step)
    spent = None if private is None else {"spent": course.ledger.to_list()}
    return FitReport(course.curves(), course.step, clock.spent(), stopped, course.best_loss, untrained, spent)


def _update(course: Course, part: str, loss: Tensor, rate: float, clip: float) -> None:
    """Make one optimiser step of one part; only that part's gradients are taken."""
    value = float(loss.detach())
    if not math.isfinite(value):
        raise FitError(
            f"the loss of {part!r} is {value} at step {course.step}",
            place="training",
            remedy="lower learning_rate or clip in the settings, or look for extreme values in the data",
        )
    (group,) = course.optimisers[part].param_groups
    weights = group["params"]
    for weight, slope in zip(weights, torch.autograd.grad(loss, weights), strict=True):
        weight.grad = slope
    nn.utils.clip_grad_norm_(weights, clip)
    group["lr"] = rate
    course.optimisers[part].step()
    course.note(part, value)


def _private_updates(
    course: Course, recipe: Recipe, private: Mechanism, streams: Streams, done: float, rate: float
) -> None:
    """Make the updates of one step from noised sums over entities; each is counted before it is made."""
    if not isinstance(recipe, EntityRecipe):
        raise FitError("this recipe has no gradients per entity", place="training")
    for index, part in enumerate(recipe.private_parts(done)):
        course.ledger = course.ledger.spend(private.rate, private.sigma)
        course.ledger.refuse_beyond(private.planned)
        (group,) = course.optimisers[part].param_groups
        weights = group["params"]
        slopes = private.slopes(recipe, part, weights, streams, (course.step, index))
        for weight, slope in zip(weights, slopes, strict=True):
            weight.grad = slope
        group["lr"] = rate
        course.optimisers[part].step()


def _refuse_other_spending(
    course: Course, recipe: Recipe, budget: Budget, private: Mechanism, checkpoint: Path
) -> None:
    """Raise ResumeError when a checkpoint's ledger is not what its steps have spent."""
    if not isinstance(recipe, EntityRecipe) or budget.steps is None:
        return
    steps = budget.steps
    made = sum(len(recipe.private_parts(step / steps)) for step in range(course.step))
    wanted = private.before.spend(private.rate, private.sigma, made) if made else private.before
    if course.ledger != wanted:
        raise ResumeError(
            f"{course.ledger.count:,} private updates are counted",
            place=str(checkpoint),
            expected=f"{wanted.count:,} after {course.step:,} steps",
            remedy="delete it, and count what it had spent",
        )


def _rate(schedule: Schedule, step: int, done: float) -> float:
    """Return the learning rate: linear warm-up in steps, cosine over the share of the budget."""
    warm = min(1.0, (step + 1) / max(schedule.warm_up, 1))
    cosine = 0.5 * (1.0 + math.cos(math.pi * done))
    return schedule.learning_rate * warm * (schedule.final_rate + (1.0 - schedule.final_rate) * cosine)


def _identity(
    recipe: Recipe, schedule: Schedule, budget: Budget, streams: Streams, private: Mechanism | None
) -> str:
    """Return the text that two fits share only if they are the same fit.

    The seed of a private fit is a secret, as it gives its noise: only a hash is kept.
    """
    text = f"{recipe.identity} {schedule} {budget} {streams}"
    return text if private is None else digest_text(f"{text} {private}")


class _Clock:
    """How much of the budget is spent, in steps and in processor seconds of this process."""

    def __init__(self, budget: Budget, spent_before: float) -> None:
        self.budget = budget
        self.origin = time.process_time() - spent_before

    def spent(self) -> float:
        return time.process_time() - self.origin

    def share(self, step: int) -> float:
        """Return the larger spent share of the two limits; with steps alone it is exact."""
        shares = [0.0]
        if self.budget.steps is not None:
            shares.append(step / self.budget.steps)
        if self.budget.cpu_seconds is not None:
            shares.append(self.spent() / self.budget.cpu_seconds)
        return max(shares)

    def limit(self, step: int) -> str:
        return "steps" if self.budget.steps is not None and step >= self.budget.steps else "cpu_seconds"
