"""Computes Sira's figures a second time, and compares every cell.

    again.py EVENTS ASKED

EVENTS is the export of the journal as CloudEvents, an event a line. ASKED is a JSON list of questions, each with the
cells that the server gave: indicator, group_by, from, to, position, day, and rows of words, value, numerator and
denominator. Prints as JSON how many cells were compared and those that differ.

It shares nothing with the server but the data dictionary: it knows events and definitions, and has no fold, no table
and no state that is kept. Every question reads all events again.
"""

import json
import math
import sys
from collections import defaultdict
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

MILESTONES_ONCE = {
    "IdeaSubmitted": "idea_submitted",
    "InterviewRecorded": "interviewed",
    "FinancingRequested": "financing_requested",
    "FinancingApproved": "approved",
    "DisbursementRecorded": "financed",
    "FinancingWaived": "waived",
    "BusinessStarted": "started",
    "BusinessClosed": "closed",
    "BusinessPlanSubmitted": "plan_submitted",
}


def day(text):
    return date.fromisoformat(text)


def rounded(value):
    """Two places, halves away from zero."""
    if value is None:
        return None
    value = Fraction(value)
    scaled = abs(value) * 100
    whole = (scaled.numerator * 2 + scaled.denominator) // (scaled.denominator * 2)
    return float(Decimal(whole if value >= 0 else -whole) / 100)


def months_later(on, months):
    """The same day so many months later, or the last of that month."""
    month = on.month - 1 + months
    year, month = on.year + month // 12, month % 12 + 1
    last = (date(year + month // 12, month % 12 + 1, 1) - timedelta(days=1)).day
    return date(year, month, min(on.day, last))


class Event:
    def __init__(self, line):
        told = json.loads(line)
        self.position = int(told["id"])
        self.sequence = int(told["sequence"])
        self.stream = told["subject"]
        self.kind = told["subjecttype"]
        self.type = told["type"]
        data = told["data"]
        self.on = day(data["occurred_on"])
        self.rules = data.get("rules", 0)
        self.body = data["fact"].get(told["type"]) or {}

    def get(self, name):
        return self.body.get(name) if isinstance(self.body, dict) else None


class Path:
    """A path as it was known at a position: the events that stand, as later ones correct them."""

    def __init__(self, stream, events):
        self.id = stream
        retracted = {event.get("sequence") for event in events if event.type == "Retracted"}
        self.events = [e for e in events if e.sequence not in retracted and e.type != "Retracted"]
        self.undone = {
            e.get("sequence")
            for e in self.events
            if e.type in ("DisbursementReversed", "RepaymentReversed")
        }
        self.registered = next((e for e in reversed(self.events) if e.type == "Registered"), None)
        self.fields = dict(self.registered.body) if self.registered else {}
        self.minutes = {}
        self.birth_year = self.fields.get("birth_year")
        for event in self.events:
            if event.type == "RegistrationCorrected":
                for name, change in event.body.items():
                    if isinstance(change, dict) and "after" in change:
                        self.fields[name] = change["after"]
                if "birth_year" in event.body:
                    self.birth_year = event.body["birth_year"]["after"]
            elif event.type == "IdentityUpdated" and event.get("birth_year"):
                self.birth_year = event.get("birth_year")
            elif event.type == "AttendanceCorrected":
                self.minutes[event.get("session")] = event.body["after"]
        self.continues_as = None
        for event in self.events:
            other = event.get("other")
            if event.type == "DuplicateLinked" and event.get("continues") == other:
                self.continues_as = other
            elif event.type == "DuplicateUnlinked" and other == self.continues_as:
                self.continues_as = None

    def of(self, *types):
        return [event for event in self.events if event.type in types]

    def place(self, by):
        office, region, left = self.fields["office"], self.fields["region"], None
        for event in self.events:
            if event.sequence > by.sequence:
                break
            if event.type == "Transferred":
                left = (office, region)
                office, region = event.get("office"), event.get("region")
            elif event.type == "TransferReturned":
                office, region = event.get("office"), event.get("region")
        return office, region

    def dims(self, by, fund=None):
        office, region = self.place(by)
        answers = self.fields.get("disability")
        disability = None if answers is None else any(answer >= 3 for answer in answers.values())
        age = self.registered.on.year - self.birth_year
        bands = [(18, "under_18"), (25, "18_24"), (30, "25_29"), (36, "30_35")]
        started = [e for e in self.of("BusinessStarted") if e.sequence <= by.sequence]
        told = [e for e in self.of("IdeaSubmitted", "IdeaRevised") if e.sequence <= by.sequence]
        sector = (started or told or [None])[-1]
        return {
            "programme": self.fields["programme"],
            "office": office,
            "region": region,
            "sex": self.fields["sex"],
            "age_band": next((word for limit, word in bands if age < limit), "over_35"),
            "disability": disability,
            "displaced": self.fields.get("displaced"),
            "education": self.fields.get("education"),
            "sector": sector.get("sector") if sector else None,
            "fund": fund,
        }


class Fact:
    """What one event, or several together, say: of whom, of which day, and what."""

    def __init__(self, path, by, measure, on, fund=None, own_fund=False, ends=None, **told):
        self.path, self.by, self.measure, self.on, self.ends = path, by, measure, on, ends
        self.person = path.id
        self.dims = path.dims(by, fund)
        self.own_fund = own_fund
        self.told = told
        self.order = (by.position, by.sequence)

    def lasts(self, on):
        return self.on <= on and (self.ends is None or on < self.ends)


def milestones(path):
    reached = {}
    reviewed = enrolled = seated = trained = False

    def reach(name, event):
        reached.setdefault(name, event)

    for event in path.events:
        kind = event.type
        if event.sequence in path.undone:
            continue
        if kind == "Registered":
            reach("registered", event)
        elif kind in MILESTONES_ONCE:
            reach(MILESTONES_ONCE[kind], event)
        elif kind == "EligibilityAssessed":
            if event.get("eligible"):
                reach("eligible", event)
            else:
                reached.pop("eligible", None)
        elif kind == "SelectionDecided":
            if event.get("decision") == "selected":
                reach("selected", event)
            else:
                reached.pop("selected", None)
        elif kind == "TrainingEnrolled":
            reached["enrolled"] = event
            reached.pop("dropped_out", None)
            enrolled = seated = True
        elif kind == "TrainingCompleted":
            reach("trained", event)
            reached.pop("dropped_out", None)
            trained = True
        elif kind == "BusinessPlanValidated":
            if event.get("conclusion") == "validated":
                if not reviewed:
                    reach("plan_validated_first", event)
                reach("plan_validated", event)
            reviewed = True
        elif kind == "PathCompleted":
            reach("completed", event)
        if kind in ("Exited", "TrainingWithdrawn"):
            if kind == "Exited":
                reach("exited", event)
            if kind == "TrainingWithdrawn" or event.get("seat"):
                seated = False
            if enrolled and not trained:
                reach("dropped_out", event)
        elif kind == "Reopened":
            if seated:
                reached.pop("dropped_out", None)
            reached.pop("exited", None)
            reached.pop("completed", None)
    return [Fact(path, event, name, event.on) for name, event in reached.items()]


def yearly(income):
    days = (day(income["to"]) - day(income["from"])).days + 1
    months = max(1, (days * 10_000 + 152_187) // 304_375)
    return income["amount"] * 12 // months


def people_facts(path):
    facts = []
    trained = bool(path.of("TrainingCompleted"))
    for event in path.of("AttendanceRecorded"):
        body = dict(event.body)
        body.update(path.minutes.get(body["session"], {}))
        length = body["hours"] * 60 + (body.get("minutes") or 0)
        there = length if body.get("present") else 0
        if body.get("minutes_present") is not None:
            there = body["minutes_present"]
        facts.append(Fact(path, event, "attendance", event.on, minutes=length, there=there))
    last = {}
    for event in path.of("ModuleAssessed"):
        last[event.get("module")] = event
    for module, event in last.items():
        facts.append(Fact(path, event, "assessment", event.on, tag=module, score=event.get("score"), passed=event.get("passed")))
    for event in path.of("IncomeRecorded"):
        facts.append(Fact(path, event, "income_" + event.get("survey"), event.on, tag=event.get("currency") or "XOF",
                          yearly=yearly(event.body), trained=trained))
    surveyed = {}
    for event in path.of("EmploymentRecorded"):
        known = surveyed.get(event.get("survey"))
        if known is None or event.on >= known.on:
            surveyed[event.get("survey")] = event
    for survey, event in surveyed.items():
        status = event.get("employment_status")
        facts.append(Fact(path, event, "work_" + survey, event.on, tag=status, better=event.get("work_since"),
                          works=status not in ("unemployed", "outside_labour_force")))
    for kind, measure in [("ReferredToPartner", "referral"), ("CommunityActionRecorded", "community_action")]:
        facts += [Fact(path, event, measure, event.on) for event in path.of(kind)]
    resolved = {event.get("grievance"): event for event in path.of("GrievanceResolved")}
    for event in path.of("GrievanceLodged"):
        answer = resolved.get(event.get("grievance"))
        facts.append(Fact(path, answer or event, "grievance", event.on, ends=answer.on if answer else None,
                          resolved=answer.on if answer else None))
    return facts


def business_facts(path):
    facts, businesses = [], []
    for event in path.of("BusinessStarted", "VisitRecorded", "BusinessClosed"):
        if event.type == "BusinessStarted":
            businesses.append([event])
        elif businesses:
            businesses[-1].append(event)
    milestone_visits = {}
    for number, events in enumerate(businesses, 1):
        start = events[0]
        seen = [e.on for e in events if e.get("business_status") in ("trading", "paused")]
        seen = max(seen) if seen else None
        closed = [e.on for e in events if e.type == "BusinessClosed"]
        closed = closed[-1] if closed else None
        if closed is None:
            seen_closed = [e.on for e in events if e.get("business_status") == "closed" and (seen is None or e.on > seen)]
            closed = min(seen_closed) if seen_closed else None
        facts.append(Fact(path, start, "business", start.on, number=number, seen=seen, closed=closed))
        jobs, order, formally_closed = {}, {}, None
        for event in events:
            if event.type == "BusinessClosed":
                formally_closed = event.on
                jobs = {on: told for on, told in jobs.items() if on <= event.on}
                jobs[event.on] = (0, 0, 0, 0)
            elif event.get("business_status") == "closed":
                jobs[event.on] = (0, 0, 0, 0)
            elif event.get("jobs") and (formally_closed is None or event.on < formally_closed):
                told = event.get("jobs")
                jobs[event.on] = (told["women"], told["men"], told["under_35"], told["full_time_hundredths"])
            else:
                continue
            order[event.on] = event
        days, most, before = sorted(jobs), 0, 0
        for place, on in enumerate(days):
            count = jobs[on]
            ends = months_later(on, 12)
            if place + 1 < len(days):
                ends = min(ends, days[place + 1])
            teller = max((order[d] for d in days[: place + 1]), key=lambda e: e.sequence)
            total = count[0] + count[1]
            facts.append(Fact(path, teller, "jobs", on, ends=ends, women=count[0], men=count[1], under_35=count[2],
                              full_time=count[3], created=max(0, total - most), change=total - before))
            most, before = max(most, total), total
    for event in path.of("VisitRecorded"):
        told = event.get("jobs")
        jobs = told["women"] + told["men"] if told else None
        months = event.get("milestone") or 0
        fact = Fact(path, event, "visit", event.on, months=months, jobs=jobs)
        if months:
            milestone_visits[months] = fact
        else:
            facts.append(fact)
    facts += milestone_visits.values()
    if businesses:
        revenues = [e for e in businesses[-1] if e.get("monthly_revenue") is not None]
        if revenues:
            first = min(revenues, key=lambda e: (e.on, e.sequence))
            last = max(revenues, key=lambda e: (e.on, e.sequence))
            if first.on < last.on:
                change = last.get("monthly_revenue") - first.get("monthly_revenue")
                facts.append(Fact(path, revenues[-1], "revenue_change", last.on, value=change))
    return facts


def visits_due(path, months, businesses, spells):
    """What each business is due by the rules that it started under: the milestones that fell due while it was there and
    the path went on."""
    ends = [e.on for e in path.of("PersonalDataErased")]
    frozen = [e.on for e in path.of("DuplicateLinked") if path.continues_as and e.get("other") == path.continues_as]
    ends += frozen[-1:]
    made = {e.get("milestone"): e.on for e in path.of("VisitRecorded")}
    active = [spell for spell in spells if spell.measure == "active"]
    facts, starts = [], path.of("BusinessStarted")
    for place, business in enumerate(businesses):
        start = starts[place]
        own = ends + [business.told["closed"]] if business.told["closed"] else ends
        for months_after in months(path.fields["programme"], start.rules):
            due, on = months_later(start.on, months_after), made.get(months_after)
            later = starts[place + 1].on if place + 1 < len(starts) else date.max
            if on and on < start.on or any(end <= due for end in own) or not any(spell.lasts(due) for spell in active):
                continue
            facts.append(Fact(path, start, "visit_due", due, made=on if on and on < later else None))
    return facts


def instalments(schedule, lent):
    """What is due of a schedule for what was lent: day, principal, interest."""
    whole = sum(line["principal"] for line in schedule)
    left, due = lent, []
    for line in schedule:
        if not (lent > 0 and lent >= whole) and left <= 0:
            break
        principal = min(line["principal"], left)
        left -= principal
        due.append([day(line["due_on"]), principal, line["interest"]])
    return due


def money_facts(path):
    facts = []
    for asked in path.of("FinancingRequested"):
        number, fund, tag = asked.get("financing"), asked.get("fund"), asked.get("instrument")
        own = [e for e in path.events if e.get("financing") == number and e.type not in ("DisbursementReversed", "RepaymentReversed")]
        approved, paid_out = 0, 0

        def line(measure, event, amount):
            if amount > 0:
                facts.append(Fact(path, event, measure, event.on, fund=fund, own_fund=True, tag=tag, value=amount))

        for event in own:
            undone = event.sequence in path.undone
            amount = event.get("amount") or 0
            if event.type == "FinancingRequested":
                line("requested", event, amount)
            elif event.type == "FinancingApproved":
                if approved == 0:
                    line("approved", event, amount)
                else:
                    line("released", event, approved - amount)
                approved = amount
            elif event.type in ("FinancingRefused", "FinancingCancelled", "GuaranteeReleased"):
                line("released", event, max(0, approved - paid_out))
                if event.type != "GuaranteeReleased":
                    approved = min(approved, paid_out)
            elif undone:
                continue
            elif event.type == "DisbursementRecorded":
                line("disbursed", event, amount)
                paid_out += amount
            elif event.type == "RepaymentRecorded":
                line("principal_repaid", event, event.get("principal"))
                line("interest_repaid", event, event.get("interest"))
            elif event.type == "LoanWrittenOff":
                line("written_off", event, amount)
            elif event.type == "RecoveryRecorded":
                line("recovered", event, amount)
            elif event.type == "RefundRecorded" and event.get("of") != "credit":
                line("refunded", event, amount)
            elif event.type == "GuaranteeCalled":
                line("guarantee_called", event, amount)
                paid_out += amount
        facts += loan_facts(path, own, number, fund)
    return facts


def loan_facts(path, own, number, fund):
    kinds = ("DisbursementRecorded", "RepaymentRecorded", "LoanRescheduled", "LoanWrittenOff")
    stands = [e for e in own if e.sequence not in path.undone]
    first = next((place for place, e in enumerate(stands) if e.type == "DisbursementRecorded"), None)
    if first is None:
        return []
    decided = [e for e in stands[:first] if e.type in ("FinancingApproved", "LoanRescheduled")]
    terms = (decided[-1].get("schedule") or []) if decided else []
    if not terms:
        return []
    moves = [e for e in stands[first:] if e.type in kinds]
    before = sum(1 for e in decided if e.type == "LoanRescheduled")
    facts = []

    def balance(known):
        lent = sum(e.get("amount") for e in known if e.type == "DisbursementRecorded")
        back = [e for e in known if e.type == "RepaymentRecorded"]
        written_off = any(e.type == "LoanWrittenOff" for e in known)
        changes = [place for place, e in enumerate(known) if e.type == "LoanRescheduled"]
        schedule = known[changes[-1]].get("schedule") if changes else terms
        since = known[changes[-1] + 1 :] if changes else known
        paid = [e for e in since if e.type == "RepaymentRecorded"]
        principal = sum(e.get("principal") for e in paid)
        interest = sum(e.get("interest") for e in paid)
        for_it = lent - (sum(e.get("principal") for e in back) - principal)
        whole = sum(one["principal"] for one in schedule)
        due, left = [], for_it
        for one in schedule:
            if not (for_it > 0 and for_it >= whole) and left <= 0:
                break
            due.append(one)
            left -= one["principal"]
        outstanding = 0 if written_off else max(0, lent - sum(e.get("principal") for e in back))
        owed = 0 if written_off else max(0, sum(one["interest"] for one in due) - interest)
        oldest = None
        if outstanding + owed > 0:
            sum_principal = sum_interest = 0
            for one in due:
                sum_principal += one["principal"]
                sum_interest += one["interest"]
                if sum_principal > principal or sum_interest > interest:
                    oldest = day(one["due_on"])
                    break
            if oldest is None:
                oldest = day(schedule[-1]["due_on"])
        return lent, outstanding, oldest, before + len(changes)

    days = sorted({e.on for e in moves})
    for place, on in enumerate(days):
        known = [e for e in moves if e.on <= on]
        lent, outstanding, oldest, changes = balance(known)
        if lent == 0:
            continue
        ends = days[place + 1] if place + 1 < len(days) else None
        teller = max(known, key=lambda e: e.sequence)
        facts.append(Fact(path, teller, "loan", on, fund=fund, own_fund=True, ends=ends, outstanding=outstanding,
                          oldest=oldest, rescheduled=changes > 0))

    tellers = {}
    for count in range(1, len(moves) + 1):
        now = due_parts(terms, moves[:count])
        tellers = {part: tellers.get(part, moves[count - 1]) for part in now}
    for part, teller in tellers.items():
        term, _, due_on, paid_on, ended_on, amount = part
        facts.append(Fact(path, teller, "due", due_on, fund=fund, own_fund=True, ends=ended_on, amount=amount,
                          paid=paid_on, first=term == 0))
    return facts


def due_parts(terms, moves):
    """Every instalment in parts by the day on which each was paid: terms, place, due, paid, ended, amount."""
    written_off = next((e.on for e in moves if e.type == "LoanWrittenOff"), None)
    lent = sum(e.get("amount") for e in moves if e.type == "DisbursementRecorded")
    back = sorted((e for e in moves if e.type == "RepaymentRecorded"), key=lambda e: (e.on, e.sequence))
    settled, total = None, 0
    for event in back:
        total += event.get("principal")
        if total >= lent:
            settled = event.on
            break
    changes = [place for place, e in enumerate(moves) if e.type == "LoanRescheduled"]
    parts = []
    for number in range(len(changes) + 1):
        if number == 0:
            due, own = instalments(terms, lent), back
        else:
            at = changes[number - 1]
            until = changes[number] if number < len(changes) else len(moves)
            for_it = sum(e.get("amount") for e in moves[:at] if e.type == "DisbursementRecorded")
            for_it -= sum(e.get("principal") for e in moves[:at] if e.type == "RepaymentRecorded")
            due = instalments(moves[at].get("schedule"), max(0, for_it))
            own = sorted((e for e in moves[at:until] if e.type == "RepaymentRecorded"), key=lambda e: (e.on, e.sequence))
        replaced = moves[changes[number]].on if number < len(changes) else None
        ended = min([on for on in (replaced, written_off) if on], default=None)
        paid = defaultdict(int)
        for event in own:
            for column, name in ((1, "principal"), (2, "interest")):
                left = event.get(name)
                for place, one in enumerate(due):
                    taken = min(left, one[column])
                    one[column] -= taken
                    left -= taken
                    if taken:
                        paid[(place, event.on)] += taken
        for (place, on), amount in paid.items():
            parts.append((number, place, due[place][0], on, ended if ended and ended < on else None, amount))
        for place, (due_on, principal, interest) in enumerate(due):
            if (written_off and written_off < due_on) or (number and replaced and replaced < due_on):
                continue
            if settled and settled < due_on:
                interest = 0
            if principal + interest > 0:
                parts.append((number, place, due_on, None, ended, principal + interest))
    return parts


OPENS = {"Reopened", "TrainingEnrolled", "TrainingWithdrawn", "AttendanceRecorded", "ModuleAssessed", "TrainingCompleted"}


def spell_facts(path):
    statuses, closed, status, before = [], None, "active", "active"
    waiting, waits = None, []
    decided = None
    for event in path.events:
        kind = event.type
        if kind == "Suspended":
            status = "suspended"
        elif kind == "Exited":
            status = "exited"
        elif kind == "PathCompleted":
            status = "completed"
        elif kind in ("Resumed", "Reopened"):
            status = "active"
        if kind in OPENS:
            closed = None
        elif kind == "SelectionDecided":
            closed = "not_selected" if event.get("decision") == "not_selected" else None
            decided = event
        elif kind == "EligibilityAssessed" and closed != "not_selected":
            refused = not event.get("eligible") and any(rule["outcome"] == "not_met" for rule in event.get("rules"))
            closed = "not_eligible" if refused else None
        now = "closed" if status == "active" and closed else status
        if now != before:
            statuses = [one for one in statuses if one[0] < event.on]
            statuses.append((event.on, now, event))
            before = now
        waiting_now = decided if decided is not None and decided.get("decision") == "waitlisted" and now in ("active", "suspended") else None
        begins = None
        if waiting_now is not None:
            begins = waiting_now.on
            going = [one[1] in ("active", "suspended") for one in statuses]
            for place in range(1, len(statuses)):
                if going[place] and not going[place - 1]:
                    begins = max(waiting_now.on, statuses[place][0])
        if begins != waiting:
            if waiting is not None:
                waits[-1][2] = max(event.on, waits[-1][1])
            if begins is not None and waits and waits[-1][1] == begins:
                waits[-1][2] = None
            elif begins is not None:
                waits.append([event, begins, None])
            waiting = begins
    first = (path.registered.on, "active", path.registered)
    spells = statuses if statuses and statuses[0][0] <= first[0] else [first] + statuses
    facts = []
    for place, (on, word, event) in enumerate(spells):
        ends = spells[place + 1][0] if place + 1 < len(spells) else None
        facts.append(Fact(path, event, word, on, ends=ends))
    return facts + [Fact(path, event, "waiting", on, ends=ends) for event, on, ends in waits]


CONTINUING = {"exited", "dropped_out", "active", "suspended", "waiting"}

class World:
    """Everything that is known at a position."""

    def __init__(self, events, position):
        streams = defaultdict(list)
        for event in events:
            if event.kind == "beneficiary" and event.position <= position:
                streams[event.stream].append(event)
        self.paths = {id: Path(id, own) for id, own in streams.items()}
        self.paths = {id: path for id, path in self.paths.items() if path.registered}
        self.facts = defaultdict(list)
        rules = {}
        for event in events:
            if event.kind == "programme" and event.type == "RulesSet":
                rules[(event.stream, event.get("version"))] = event.get("rules")["follow_up_months"]
        months = lambda programme, version: rules.get((programme, version), [1, 3, 6, 12, 24])  # noqa: E731
        for path in self.paths.values():
            for fact in milestones(path):
                self.facts["m:" + fact.measure].append(fact)
            business, spells = business_facts(path), spell_facts(path)
            due = visits_due(path, months, [f for f in business if f.measure == "business"], spells)
            for fact in people_facts(path) + business + due + money_facts(path) + spells:
                self.facts[fact.measure].append(fact)
        self.person = {}
        for id, path in self.paths.items():
            if path.continues_as:
                self.person[id] = path.continues_as
                self.person[path.continues_as] = path.continues_as
        self.belong()
        for measure in self.facts:
            self.facts[measure] = self.counted(measure, self.facts[measure])
        self.day_of = {
            name[2:]: {fact.person: fact.on for fact in facts} for name, facts in self.facts.items() if name.startswith("m:")
        }

    def belong(self):
        """The group and the funds of each person, whenever they got them."""
        self.cohort, self.funds = {}, defaultdict(list)
        for fact in sorted(self.facts["m:enrolled"], key=lambda f: f.order):
            person = self.person.get(fact.path.id, fact.path.id)
            known = self.cohort.get(person)
            if known is None or fact.on >= known[0]:
                self.cohort[person] = (fact.on, fact.by.get("cohort"))
        for fact in sorted(self.facts["approved"], key=lambda f: f.order):
            person = self.person.get(fact.path.id, fact.path.id)
            if fact.dims["fund"] not in self.funds[person]:
                self.funds[person].append(fact.dims["fund"])

    def counted(self, measure, facts):
        """What counts of the facts of people who have two paths."""
        kept, linked = [], defaultdict(list)
        for fact in facts:
            person = self.person.get(fact.path.id)
            if person is None:
                kept.append(fact)
            else:
                fact.person = person
                linked[person].append(fact)
        name = measure[2:] if measure.startswith("m:") else measure
        goes_on = lambda fact: fact.path.id == fact.person  # noqa: E731
        for person, own in linked.items():
            if name in CONTINUING:
                own = [fact for fact in own if goes_on(fact)]
            elif measure.startswith("m:"):
                own = [min(own, key=lambda f: (f.on, not goes_on(f), f.order))]
            elif measure in ("jobs", "revenue_change"):
                heard = []
                for path in self.paths.values():
                    if self.person.get(path.id) == person:
                        begun = [e for e in path.events if e.type in ("BusinessStarted", "BusinessClosed")]
                        first = {}
                        for event in begun:
                            first.setdefault(event.type, event)
                        visits = path.of("VisitRecorded")
                        heard += [(e.on, path.id == person, e.position, path.id) for e in list(first.values()) + visits]
                last = max(heard)[3]
                own = [fact for fact in own if fact.path.id == last]
            elif measure == "business":
                best = {}
                for fact in sorted(own, key=lambda f: (f.on, not goes_on(f), f.order)):
                    best.setdefault(fact.told["number"], fact)
                own = list(best.values())
            elif measure == "assessment":
                best = {}
                for fact in sorted(own, key=lambda f: (f.on, goes_on(f), f.order)):
                    best[fact.told["tag"]] = fact
                own = list(best.values())
            elif measure == "visit":
                best = {}
                for fact in sorted(own, key=lambda f: (f.on, goes_on(f), f.order)):
                    if fact.told["months"]:
                        best[fact.told["months"]] = fact
                own = [fact for fact in own if not fact.told["months"]] + list(best.values())
            elif measure.startswith("work_"):
                own = [max(own, key=lambda f: (f.on, goes_on(f), f.order))]
            elif measure.startswith("income_"):
                trained = any(self.paths[id].of("TrainingCompleted") for id, p in self.person.items() if p == person and id in self.paths)
                for fact in own:
                    fact.told["trained"] = fact.told["trained"] or trained
            kept += own
        return kept


def product_limit(followed, days):
    """Kaplan and Meier: the share that survives so many days; none where nobody was followed so long."""
    survival = Fraction(1)
    for at in sorted({length for length, closed, _ in followed if closed and length <= days}):
        at_risk = sum(1 for length, _, _ in followed if length >= at)
        ended = sum(1 for length, closed, _ in followed if closed and length == at)
        survival *= 1 - Fraction(ended, at_risk)
    alive = any(length > days or (length == days and not closed) for length, closed, _ in followed)
    if not followed or not (alive or survival == 0):
        return None
    return survival


def followed(fact, today):
    closed, seen = fact.told["closed"], fact.told["seen"]
    if closed and closed > today:
        seen = max(filter(None, (seen, closed)))
    if closed and closed <= today:
        return (closed - fact.on).days, True
    until = min(seen, today) if seen else fact.on
    return max(0, (until - fact.on).days), False


FUNNEL = {
    "funnel_idea": "idea_submitted", "funnel_eligible": "eligible", "funnel_interviewed": "interviewed",
    "funnel_selected": "selected", "funnel_enrolled": "enrolled", "funnel_trained": "trained",
    "funnel_plan": "plan_validated", "funnel_approved": "approved", "funnel_financed": "financed",
    "funnel_started": "started", "funnel_completed": "completed", "funnel_exited": "exited",
}
COUNTS = {
    "registered": "m:registered", "eligible": "m:eligible", "selected": "m:selected", "enrolled": "m:enrolled",
    "trained": "m:trained", "financed": "m:financed", "businesses_started": "m:started", "referrals": "referral",
    "community_actions": "community_action", "funnel_registered": "m:registered",
}
SUMS = {
    "amount_requested": ["requested"], "amount_disbursed": ["disbursed"], "amount_written_off": ["written_off"],
    "amount_repaid": ["principal_repaid", "interest_repaid"], "amount_recovered": ["recovered"],
    "amount_refunded": ["refunded"], "guarantees_called": ["guarantee_called"],
}
DURATIONS = {
    "idea_to_financing": ("idea_submitted", "financed"), "registration_to_selection": ("registered", "selected"),
    "selection_to_enrolment": ("selected", "enrolled"), "enrolment_to_trained": ("enrolled", "trained"),
    "trained_to_approved": ("trained", "approved"), "approved_to_financed": ("approved", "financed"),
    "financed_to_started": ("financed", "started"),
}
SURVIVAL = {"survival_6": 183, "survival_12": 365, "survival_24": 730}
STOCKS = {"outstanding", "par30", "arrears", "jobs_held", "jobs_women", "jobs_men", "jobs_under_35", "jobs_full_time",
          "paths_active", "paths_suspended", "waiting", "grievances_open"}
JOBS = {"jobs_held": lambda t: t["women"] + t["men"], "jobs_women": lambda t: t["women"], "jobs_men": lambda t: t["men"],
        "jobs_under_35": lambda t: t["under_35"], "jobs_full_time": lambda t: t["full_time"],
        "jobs_created": lambda t: t["created"], "jobs_net": lambda t: t["change"]}


class Question:
    def __init__(self, world, asked):
        self.world = world
        self.name = asked["indicator"]
        self.groups = asked["group_by"]
        self.today = day(asked["day"])
        self.first = day(asked["from"]) if asked.get("from") else date.min
        self.last = day(asked["to"]) if asked.get("to") else date.max
        self.end = min(self.last, self.today)

    def shares(self):
        """What counts: the fact with what it adds above and below the line, or the value of its own."""
        world, name, today = self.world, self.name, self.today
        period = lambda m: [f for f in world.facts[m] if self.first <= f.on <= self.last]  # noqa: E731
        stock = lambda m: [f for f in world.facts[m] if f.lasts(self.end)]  # noqa: E731
        has = lambda m, f: f.person in world.day_of.get(m, {})  # noqa: E731
        if name in COUNTS:
            return [(f, 1, 0) for f in period(COUNTS[name])]
        if name in FUNNEL:
            return [(f, int(has(FUNNEL[name], f)), 1) for f in period("m:registered")]
        if name in SUMS:
            return [(f, f.told["value"], 0) for m in SUMS[name] for f in period(m)]
        if name == "amount_committed":
            return [(f, f.told["value"], 0) for f in period("approved")] + [(f, -f.told["value"], 0) for f in period("released")]
        if name == "disbursement_rate":
            return ([(f, f.told["value"], 0) for f in period("disbursed")] + [(f, 0, f.told["value"]) for f in period("approved")]
                    + [(f, 0, -f.told["value"]) for f in period("released")])
        if name in ("completion_rate", "drop_out_rate"):
            to = "trained" if name == "completion_rate" else "dropped_out"
            return [(f, int(has(to, f)), 1) for f in period("m:enrolled")]
        if name in ("plan_validation_rate", "plan_first_passage_rate"):
            to = "plan_validated" if name == "plan_validation_rate" else "plan_validated_first"
            return [(f, int(has(to, f)), 1) for f in period("m:plan_submitted")]
        if name == "attendance_rate":
            return [(f, f.told["there"], f.told["minutes"]) for f in period("attendance")]
        if name == "module_pass_rate":
            return [(f, int(f.told["passed"]), 1) for f in period("assessment")]
        if name == "module_mean_score":
            return [(f, f.told["score"], 1) for f in period("assessment")]
        if name == "repayment_rate":
            until = min(self.last, today)
            due = [f for f in period("due") if f.told["first"] and f.on <= today]
            due = [f for f in due if not (f.told["paid"] and f.told["paid"] < self.first)]
            return [(f, f.told["amount"] if f.told["paid"] and f.told["paid"] <= until else 0, f.told["amount"]) for f in due]
        if name == "arrears":
            late = [f for f in stock("due") if f.on < self.end and not (f.told["paid"] and f.told["paid"] <= self.end)]
            return [(f, f.told["amount"], 0) for f in late]
        if name == "outstanding":
            return [(f, f.told["outstanding"], 0) for f in stock("loan")]
        if name == "par30":
            found = []
            for f in stock("loan"):
                owed, oldest = f.told["outstanding"], f.told["oldest"]
                late = oldest is not None and (self.end - oldest).days > 30
                if owed > 0:
                    found.append((f, owed if late or f.told["rescheduled"] else 0, owed))
            return found
        if name == "write_off_ratio":
            begin = months_later(self.end, -12)
            found = [(f, 2 * f.told["value"], 0) for f in world.facts["written_off"] if begin < f.on <= self.end]
            for f in world.facts["loan"]:
                both = sum(f.told["outstanding"] for at in (begin, self.end) if f.lasts(at))
                if both > 0:
                    found.append((f, 0, both))
            return found
        if name in ("jobs_created", "jobs_net"):
            return [(f, JOBS[name](f.told), 0) for f in period("jobs")]
        if name in JOBS:
            return [(f, JOBS[name](f.told), 0) for f in stock("jobs")]
        if name == "jobs_at_12_months":
            return [(f, f.told["jobs"], 0) for f in period("visit") if f.told["months"] == 12 and f.told["jobs"] is not None]
        if name == "jobs_sustained":
            before = {f.person: f.told["jobs"] for f in world.facts["visit"] if f.told["months"] == 12 and f.told["jobs"] is not None}
            return [(f, min(f.told["jobs"], before[f.person]), 0) for f in period("visit")
                    if f.told["months"] == 24 and f.told["jobs"] is not None and f.person in before]
        if name in ("paths_active", "paths_suspended", "waiting"):
            return [(f, 1, 0) for f in stock({"paths_active": "active", "paths_suspended": "suspended"}.get(name, name))]
        if name == "grievances_open":
            return [(f, 1, 0) for f in stock("grievance")]
        if name == "grievances_resolved_30":
            found = []
            for f in period("grievance"):
                resolved = f.told["resolved"]
                if resolved is None and f.on + timedelta(days=30) > today:
                    continue
                found.append((f, int(resolved is not None and (resolved - f.on).days <= 30), 1))
            return found
        if name == "visits_on_time":
            found = []
            for f in period("visit_due"):
                made, last = f.told["made"], f.on + timedelta(days=15)
                made = made if made and made <= today else None
                if f.on <= today and (made or last < today):
                    found.append((f, int(bool(made) and made <= last), 1))
            return found
        if name == "revenue_change":
            return [(f, f.told["value"], 1) for f in period("revenue_change")]
        if name.startswith("mean_income_"):
            return [(f, f.told["yearly"], 1) for f in period(name[5:])]
        if name in ("income_change", "income_change_difference"):
            first = {}
            for f in sorted(world.facts["income_baseline"], key=lambda f: (f.on, f.order)):
                first.setdefault((f.person, f.told["tag"]), f.told["yearly"])
            with_one = [f for f in period("income_follow_up") if (f.person, f.told["tag"]) in first]
            return [(f, f.told["yearly"] - first[(f.person, f.told["tag"])], 1) for f in with_one]
        if name == "employment_status":
            return [(f, 1, 0) for f in period("work_tracer")]
        if name == "employed_share":
            return [(f, int(f.told["works"]), 1) for f in period("work_tracer")]
        if name == "new_employment":
            before = {f.person: f.told["works"] for f in world.facts["work_baseline"]}
            return [(f, int(f.told["works"] and not before[f.person]), 1) for f in period("work_tracer") if f.person in before]
        if name == "better_employment":
            asked = [f for f in period("work_tracer") if f.told["works"] and f.told["better"]]
            return [(f, int(f.told["better"] == "better"), 1) for f in asked]
        if name == "income_difference":
            return [(f, f.told["yearly"], 1) for f in period("income_follow_up")]
        if name == "womens_share":
            return [(f, int(f.dims["sex"] == "female"), 1) for f in period("m:registered")]
        if name == "young_share":
            return [(f, int(f.dims["age_band"] != "over_35"), 1) for f in period("m:registered")]
        if name == "people_with_disability":
            return [(f, 1, 0) for f in period("m:registered") if f.dims["disability"] is True]
        if name == "displaced_people":
            return [(f, 1, 0) for f in period("m:registered") if f.dims["displaced"] is True]
        base = name.removesuffix("_p90")
        if base in DURATIONS:
            begin, end = DURATIONS[base]
            return [(f, (f.on - world.day_of[begin][f.person]).days, 0) for f in period("m:" + end)
                    if f.person in world.day_of.get(begin, {})]
        for base, days in SURVIVAL.items():
            if name == base:
                return [(f, followed(f, today), 0) for f in period("business")]
            if name in (base + "_seen", base + "_low"):
                found = []
                for f in period("business"):
                    length, closed = followed(f, today)
                    alive = length > days or (length == days and not closed)
                    known = alive or (closed and length <= days)
                    if (today - f.on).days >= days and (known or name.endswith("_low")):
                        found.append((f, int(alive), 1))
                return found
        raise KeyError(name)

    def key(self, fact, fund):
        words = []
        for group in self.groups:
            if group == "fund":
                word = fund
            elif group == "cohort":
                word = self.world.cohort.get(fact.person, (None, fact.by.get("cohort") if fact.by.type == "TrainingEnrolled" else None))[1]
            elif group == "category":
                word = fact.told.get("tag")
            elif group == "trained":
                word = fact.told.get("trained")
            else:
                word = fact.dims[group]
            words.append("" if word is None else str(word).lower() if isinstance(word, bool) else str(word))
        return tuple(words)

    def cells(self):
        told = defaultdict(list)
        for fact, part, whole in self.shares():
            funds = [None]
            if "fund" in self.groups:
                funds = [fact.dims["fund"]] if fact.own_fund else self.world.funds.get(fact.person) or [None]
            for fund in funds:
                told[self.key(fact, fund)].append((fact, part, whole))
        return {key: self.finish(own) for key, own in told.items()}

    def finish(self, own):
        name = self.name
        part, whole = None, None
        if name in SURVIVAL:
            days = SURVIVAL[name]
            limit = product_limit([(length, closed, f) for f, (length, closed), _ in own], days)
            return (None if limit is None else rounded(limit * 100)), len(own), None
        if name.removesuffix("_p90") in DURATIONS:
            values = sorted(part for _, part, _ in own)
            if name.endswith("_p90"):
                return float(values[max(1, math.ceil(len(values) * 90 / 100)) - 1]), len(own), None
            middle = Fraction(values[(len(values) - 1) // 2] + values[len(values) // 2], 2)
            return rounded(middle), len(own), None
        if name in ("income_difference", "income_change_difference"):
            sides = []
            for trained in (True, False):
                side = [part for f, part, _ in own if bool(f.told["trained"]) == trained]
                sides.append((Fraction(sum(side), len(side)) if side else None, len(side)))
            value = None if None in (sides[0][0], sides[1][0]) else rounded(sides[0][0] - sides[1][0])
            return value, sides[0][1], sides[1][1]
        part, whole = sum(part for _, part, _ in own), sum(whole for _, _, whole in own)
        rates = ("employment", "on_time", "rate", "share", "par30", "_30", "ratio", "_low", "_seen")
        if name in FUNNEL or name.endswith(rates):
            return (rounded(Fraction(part * 100, whole)) if whole else None), part, whole
        if name in ("module_mean_score", "revenue_change", "income_change") or name.startswith("mean_income"):
            return (rounded(Fraction(part, whole)) if whole else None), part, whole
        return (rounded(Fraction(part, 100)) if name == "jobs_full_time" else float(part)), part, None


def close(one, other):
    if one is None or other is None:
        return one is other
    return abs(float(one) - float(other)) < 0.0051


def main(events, asked):
    with open(events, encoding="utf-8") as file:
        events = [Event(line) for line in file]
    with open(asked, encoding="utf-8") as file:
        questions = json.load(file)
    worlds, compared, differ = {}, 0, []
    for asked in questions:
        position = asked["position"]
        if position not in worlds:
            worlds[position] = World(events, position)
        mine = Question(worlds[position], asked).cells()
        theirs = {}
        for row in asked["rows"]:
            theirs[tuple(row["words"])] = (row["value"], row["numerator"], row["denominator"])
        if not asked["group_by"] and () not in mine:
            mine[()] = (0.0, 0, None)
            row = theirs[()]
            if row[0] is None:
                mine[()] = (None, row[1] if row[1] in (0, None) else -1, row[2] if row[2] in (0, None) else -1)
        for key in sorted(mine.keys() | theirs.keys()):
            compared += 1
            one, other = mine.get(key), theirs.get(key)
            same = one is not None and other is not None and close(one[0], other[0]) and one[1:] == tuple(other[1:])
            if not same:
                about = {name: asked.get(name) for name in ("indicator", "group_by", "from", "to", "position", "day")}
                differ.append({**about, "words": key, "again": one, "server": other})
    return {"compared": compared, "questions": len(questions), "differ": len(differ), "first": differ[:12]}


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1], sys.argv[2]), default=str))
