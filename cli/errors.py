"""What the program itself can fail at, beyond what the packages below report.

ProgramError
├── NotRunning        a command needs a running exchange and there is none
├── SwitchMissing     the switch program is not on this machine, or did not get ready
├── CacheUnusable     the file with the configuration in force is missing or damaged
├── NothingApplied    no configuration was ever applied, and none is to be read from files
├── UnsafePassword    a server would be used with a password that anybody tries first
├── PlanRefused       a configuration may not follow the one in force
├── RollOutStopped    a node cannot use a version that is rolled out
├── NoSuchCustomer    there is no such customer
├── NoSuchTrunk       no controller tells of such a trunk
├── NoSuchNode        the settings name no such node
├── NodeNeeded        a node is not to be drained: no other one takes calls
├── NodeBusy          a node that was drained still has calls
├── NotAudited        something was left as it is, because the audit cannot be written
├── CertificateNotTaken  the node does not show the certificate that is configured
├── NobodyToRemind    the customer has no phone that emergency services cannot be reached from
├── NoSuchPlan        there is no such customer, or the customer has no such routing plan
├── NotYours          the account's role does not allow the command
├── NeverBanned       an address is to be banned that calls depend on
├── NoSuchBan         an address is not banned
├── NoSuchToken       there is no valid token of this number
├── ExportThere       the file that an export would be written to is there already
├── ContactCentreRefused  a command for the contact centre was not carried out
├── FiguresHidden     figures of single agents are not shown: the customer has not declared that they may be
├── NoOperatorConnect  the settings name no access to Microsoft Operator Connect
├── OperatorConnectAway  Microsoft did not answer, or not to us
├── CallRefused       a call that a program asked for was not made
├── ClockDoubted      nothing is deleted by a clock that may be wrong
├── RestoreOpen       the database was brought back from a backup, and nobody has confirmed it
├── CommitsWait       nothing is done for money while every commit waits for a standby
├── PerhapsDone       the database did not say whether it did what was asked
└── ScenarioFailed    the demo's calls did not all do what they should
"""

from __future__ import annotations


class ProgramError(Exception):
    """Base: the message says the place and the next step; `id` is stable."""

    id = "program"


class NotRunning(ProgramError):
    """Nothing answers where a running exchange should be."""

    id = "program.not-running"


class SwitchMissing(ProgramError):
    """The switch cannot be started or does not get ready."""

    id = "program.switch"


class CacheUnusable(ProgramError):
    """The file with the configuration in force cannot be used."""

    id = "program.cache"


class UnsafePassword(ProgramError):
    """A server would be used with no password, or with one that anybody tries first.

    `place` is the key in the settings; the password stands nowhere.
    """

    id = "program.unsafe-password"

    def __init__(self, place: str, what: str, next_step: str) -> None:
        super().__init__(place, what, next_step)
        self.place = place
        self.what = what
        self.next_step = next_step

    def __str__(self) -> str:
        return f"{self.place} in the settings: {self.what}. {self.next_step}"


class NothingApplied(ProgramError):
    """There is no configuration to work with."""

    id = "program.nothing-applied"


class PlanRefused(ProgramError):
    """The step from the configuration in force to this one is not allowed, or nobody agreed to it."""

    id = "program.plan-refused"


class RollOutStopped(ProgramError):
    """A node cannot use the version that is rolled out; those after it keep theirs."""

    id = "program.rollout-stopped"


class NoSuchCustomer(ProgramError):
    """A customer is asked for that the configuration does not have."""

    id = "program.no-such-customer"


class NoSuchTrunk(ProgramError):
    """A trunk is asked for that no controller watches."""

    id = "program.no-such-trunk"


class NoSuchNode(ProgramError):
    """A node is asked for that the settings do not have."""

    id = "program.no-such-node"


class NodeNeeded(ProgramError):
    """Without this node no call but those to 110 and 112 would be taken."""

    id = "program.node-needed"


class NotAudited(ProgramError):
    """What somebody wants done cannot be written down, so it is not done."""

    id = "program.not-audited"


class NodeBusy(ProgramError):
    """Calls did not end in the time that somebody wanted to wait."""

    id = "program.node-busy"


class CertificateNotTaken(ProgramError):
    """Files are in place, and the running node does not show them."""

    id = "program.certificate"


class NobodyToRemind(ProgramError):
    """A customer without phones that reach no emergency service is to be reminded of them."""

    id = "program.nobody-to-remind"


class NoSuchPlan(ProgramError):
    """A routing plan or a customer is asked for that the configuration does not have."""

    id = "program.no-such-plan"


class NotYours(ProgramError):
    """The account that runs the command has no role, or another one than the command needs."""

    id = "program.not-yours"


class NeverBanned(ProgramError):
    """The address is a trunk's, a node's, or the settings name it."""

    id = "program.never-banned"


class NoSuchBan(ProgramError):
    """A ban is asked for that there is not, or no longer."""

    id = "program.no-such-ban"


class NoSuchToken(ProgramError):
    """A token is asked for that there is not, or no longer."""

    id = "program.no-such-token"


class ScenarioFailed(ProgramError):
    """At least one call of the demo did not do what it should."""

    id = "program.scenario"


class RestoreOpen(ProgramError):
    """What was entered after the backup may be missing: nothing is deleted, issued or debited."""

    id = "program.restore-open"


class CommitsWait(ProgramError):
    """Every commit waits for a standby that is not there. Nothing was done."""

    id = "program.commits-wait"


class PerhapsDone(ProgramError):
    """The answer to a commit was lost: it may be done, or be done later."""

    id = "program.perhaps-done"


class ClockDoubted(ProgramError):
    """The clock may be wrong, and what is deleted by it is gone for good."""

    id = "program.clock-doubted"


class CallRefused(ProgramError):
    """A call that was asked for is refused by the rules, or its first party was not reached."""

    id = "program.call-refused"


class ContactCentreRefused(ProgramError):
    """A command for the contact centre was not carried out, or nobody serves what it is about."""

    id = "program.contact-centre"


class FiguresHidden(ProgramError):
    """Figures of single agents show how employees work (§ 87(1) no. 6 BetrVG, § 26 BDSG)."""

    id = "program.figures-hidden"


class ExportThere(ProgramError):
    """The file that an export would be written to is there already."""

    id = "program.export-there"


class NoOperatorConnect(ProgramError):
    """Something is to be asked of Microsoft, and the settings do not say where and as whom."""

    id = "program.no-operator-connect"


class OperatorConnectAway(ProgramError):
    """Microsoft did not answer, asks us to wait, or does not let us in; what is open is kept."""

    id = "program.operator-connect-away"
