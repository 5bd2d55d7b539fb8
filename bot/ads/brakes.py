"""“Stop everything” and “resume”: one message of an admin, for all accounts of a brand and all processes at once."""

from __future__ import annotations

from dataclasses import dataclass

from bot.ads.actions import Actions, NotAllowed
from bot.ads.plan import Actor
from memory.stops import Held

NOT_READ = "the account can't be read now"


@dataclass(frozen=True, slots=True)
class StopReport:
    """How far a stop has come. It is over the hill when nothing is left running; until then it is tried again."""

    paused: tuple[Held, ...]
    running: tuple[Held, ...]  # with why each could not be paused
    unread: tuple[str, ...]  # accounts that could not be looked at, or where a change may yet come in

    @property
    def complete(self) -> bool:
        """Whether all of it is certain to stand still."""
        return not self.running and not self.unread


@dataclass(frozen=True, slots=True)
class ResumeReport:
    """What runs again after a stop, and what does not, with why."""

    resumed: tuple[Held, ...]
    left: tuple[Held, ...]


@dataclass(frozen=True, slots=True)
class Brakes:
    """The switch for everything. While it is on, no process raises, resumes or launches anything."""

    actions: Actions

    def stop_everything(self, brand: str, by: Actor, why: str) -> StopReport:
        """Block every raise, resume and launch of this brand now, then pause all that runs. Raises NotAllowed."""
        if by.role != "admin":
            raise NotAllowed("Only an admin can stop everything; “pause” and a campaign's name stops one.")
        self.actions.stops.begin(brand, by.who, why)
        return self._press(brand)

    def press_on(self, brand: str) -> StopReport | None:
        """Each minute: pause what a stop could not pause yet; None where no stop is in force, or it is complete.

        Once everything stood still, what a person switches on in Ads Manager is theirs and stays on.
        """
        stop = self.actions.stops.in_force(brand)
        return None if stop is None or stop.complete else self._press(brand)

    def resume_everything(self, brand: str, by: Actor) -> ResumeReport:
        """Lift the stop and let run again exactly what it had paused; the cap holds. Raises NotAllowed.

        What can't run again now is named, and tried again by the next “resume”.
        """
        if by.role != "admin":
            raise NotAllowed("Only an admin can lift a stop.")
        stop = self.actions.stops.in_force(brand)
        if stop is not None:
            self.actions.stops.end(stop, by.who)
        for thing in self.actions.stops.to_put_back(brand):
            self._put_back(thing, by)
        return self._resumed(brand, stop)
