#!/bin/sh
# One beneficiary's path from registration to its end, then a real file of 445 people.
# Start the server first (`sira serve`), then run this beside it, with the same data directory:
#   sh examples/tour.sh [path of the sira program]
# It needs curl and nothing else. The people in it are invented, or anonymous in the real file.
set -eu

sira=${1:-target/release/sira}
api=${SIRA_API:-http://127.0.0.1:8080}
here=$(dirname "$0")

# A token for each duty: nobody holds two of them in one path.
token() { "$sira" token issue --actor "$1" --role "$2" --all --ttl 1d; }
director=$(token directrice director)
adviser=$(token conseiller adviser)
interviewer=$(token conseillere-2 adviser)
trainer=$(token formatrice trainer)
committee=$(token comite-segou committee)
finance=$(token financier finance)
accountant=$(token comptable finance)
auditor=$(token auditeur auditor)
analyst=$(token analyste analyst)

# post TOKEN PATH JSON: sends a command, shows the answer, stops at a problem.
post() {
    curl --silent --show-error --fail-with-body -X POST "$api$2" -H "Authorization: Bearer $1" \
        -H 'Content-Type: application/json' -H "Idempotency-Key: tour-$$-$(date +%s%N)" -d "$3"
    echo
}
field() { sed -n "s/.*\"$1\":\"\([^\"]*\)\".*/\1/p"; }

echo '== The convention of 6 July 2021: ANPE and Think Peace, three years, renewable'
programme=$(post "$director" /v1/programmes '{
    "name": "Convention ANPE - Think Peace",
    "parties": [{"name": "ANPE Mali", "role": "agency"}, {"name": "Think Peace", "role": "implementer"}],
    "signed_on": "2021-07-06", "term_years": 3, "renewable": true}' | field id)
echo "programme $programme"
post "$director" "/v1/programmes/$programme/commands/open-office" '{
    "office": "segou", "name": "Antenne de Ségou", "region": "segou", "occurred_on": "2021-07-06"}'
post "$director" "/v1/programmes/$programme/commands/set-rules" '{
    "effective_from": "2021-07-06",
    "rules": {"planned_hours": 24, "modules": ["leadership", "management"]}, "occurred_on": "2021-07-06"}'

echo '== Idea: she is registered and tells her idea'
answer=$(post "$adviser" /v1/beneficiaries '{
    "programme": "'"$programme"'", "office": "segou", "region": "segou", "cercle": "Ségou",
    "intake": "open_call", "channel": "office", "sex": "female", "education": "2", "displaced": false,
    "consent": {"scope": "programme", "text_version": "fr-1", "method": "written"},
    "identity": {"name": "Exemple Inventée", "phone": "70 00 00 00", "birth_date": "1999-04-12"},
    "occurred_on": "2022-01-10"}')
echo "$answer"
person=$(echo "$answer" | field reference)
path="/v1/beneficiaries/$person/commands"
post "$adviser" "$path/submit-idea" '{
    "title": "Transformation du karité", "sector": "C", "start_up_cost": 450000, "jobs_expected": 3,
    "occurred_on": "2022-01-10"}'

echo '== A document she hands in: sealed on its way in, given back whole'
printf '%%PDF-1.4 attestation inventée\n' | curl --silent --show-error --fail-with-body \
    "$api$path/attach-document" -H "Authorization: Bearer $adviser" \
    -F occurred_on=2022-01-10 -F 'file=@-;filename=attestation.pdf;type=application/pdf'
echo
echo '== The same person again, in another spelling: registered, with a warning'
post "$adviser" /v1/beneficiaries '{
    "programme": "'"$programme"'", "office": "segou", "region": "segou",
    "intake": "open_call", "channel": "outreach", "sex": "female", "birth_year": 1999,
    "consent": {"scope": "programme", "text_version": "fr-1", "method": "written"},
    "identity": {"name": "Inventee Exemple", "phone": "70 00 00 00"}, "occurred_on": "2022-01-11"}'

echo '== Recruitment: the rules, an interview, and a decision by somebody else'
post "$adviser" "$path/assess-eligibility" '{"occurred_on": "2022-02-01"}'
post "$interviewer" "$path/record-interview" '{
    "scores": [{"criterion": "motivation", "score": 16, "out_of": 20},
               {"criterion": "viability", "score": 55, "out_of": 80}], "occurred_on": "2022-02-03"}'
post "$committee" "$path/decide-selection" '{
    "decision": "selected", "method": "committee", "session": "2022-02", "occurred_on": "2022-02-20"}'

echo '== Training: a seat in a group of twenty, four sessions of 6 hours, two modules'
cohort=$(post "$director" /v1/cohorts '{
    "programme": "'"$programme"'", "code": "segou-2022-1", "office": "segou", "centre": "Centre de Ségou",
    "capacity": 20, "modules": ["leadership", "management"], "trainer": "formatrice",
    "period": {"from": "2022-03-01", "to": "2022-03-31"}, "occurred_on": "2022-02-20"}' | field id)
post "$adviser" "$path/enrol-in-training" '{"cohort": "'"$cohort"'", "occurred_on": "2022-02-25"}'
for session in 1 2 3 4; do
    post "$trainer" "/v1/cohorts/$cohort/commands/schedule-session" '{
        "session": "gp-'$session'", "on": "2022-03-0'$session'", "hours": 6, "occurred_on": "2022-02-25"}'
    post "$trainer" "/v1/cohorts/$cohort/commands/record-register" '{
        "session": "gp-'$session'", "lines": [{"beneficiary": "'"$person"'", "present": true}]}'
done
for module in leadership management; do
    post "$trainer" "$path/record-assessment" '{
        "module": "'$module'", "score": 72, "occurred_on": "2022-03-05"}'
done
post "$trainer" "$path/complete-training" '{"occurred_on": "2022-03-05"}'

echo "== Financing: a plan, and a donor's fund; she asks, the committee approves, somebody else pays"
fund=$(post "$director" /v1/funds '{
    "programme": "'"$programme"'", "code": "bailleur-2022", "donor": "Bailleur inventé", "budget": 50000000,
    "period": {"from": "2022-01-01", "to": "2024-06-30"}, "occurred_on": "2022-01-01"}' | field id)
post "$adviser" "$path/submit-business-plan" '{
    "title": "Beurre de karité, Ségou", "amount_needed": 450000, "own_contribution": 45000,
    "occurred_on": "2022-03-20"}'
post "$committee" "$path/validate-business-plan" '{"conclusion": "validated", "occurred_on": "2022-04-01"}'
post "$adviser" "$path/request-financing" '{
    "instrument": "kit", "amount": 400000, "own_contribution": 45000, "fund": "'"$fund"'",
    "occurred_on": "2022-04-02"}'
post "$committee" "$path/approve-financing" '{
    "financing": 1, "amount": 400000, "occurred_on": "2022-04-10", "tranches": [
        {"tranche": 1, "amount": 250000, "conditions": ["agreement_signed"]},
        {"tranche": 2, "amount": 150000, "conditions": ["business_started", "visit_recorded"]}]}'
post "$director" "$path/sign-agreement" '{"financing": 1, "occurred_on": "2022-04-15"}'
post "$finance" "$path/record-disbursement" '{
    "financing": 1, "tranche": 1, "amount": 250000, "method": "mobile_money",
    "payment_reference": "OM-2022-0412", "occurred_on": "2022-04-20"}'

echo '== Follow-up: the business starts, and is visited at 1, 3, 6, 12 and 24 months'
post "$adviser" "$path/record-business-start" '{
    "form": "individual", "sector": "C", "locality": "Pélengana", "occurred_on": "2022-05-02"}'
visit() {
    post "$adviser" "$path/record-visit" '{
        "milestone": '"$1"', "business_status": "trading", "monthly_revenue": '"$3"',
        "jobs": {"women": 2, "men": 1, "under_35": 2, "full_time_hundredths": 250},
        "occurred_on": "'"$2"'"}'
}
visit 1 2022-06-02 60000
echo '== A payment bounces: somebody else undoes it, in her path and in the fund, and it is paid again'
bounced=$(post "$finance" "$path/record-disbursement" '{
    "financing": 1, "tranche": 2, "amount": 150000, "method": "mobile_money",
    "payment_reference": "OM-2022-0655", "occurred_on": "2022-06-08"}' | sed 's/.*"version":\([0-9]*\).*/\1/')
post "$accountant" "$path/reverse-disbursement" '{
    "sequence": '"$bounced"', "ground": "bounced", "payment_reference": "OM-RETOUR-0655",
    "occurred_on": "2022-06-09"}'
post "$finance" "$path/record-disbursement" '{
    "financing": 1, "tranche": 2, "amount": 150000, "method": "mobile_money",
    "payment_reference": "OM-2022-0671", "occurred_on": "2022-06-10"}'
visit 3 2022-08-03 85000
visit 6 2022-11-04 110000
visit 12 2023-05-05 140000
visit 24 2024-05-03 175000
post "$director" "$path/complete-path" '{"occurred_on": "2024-06-01"}'

echo '== Where the fund stands: 400,000 committed and paid out of 50 million'
curl --silent --fail-with-body "$api/v1/funds/$fund" -H "Authorization: Bearer $finance"
echo

echo '== Where she stands, and what an auditor reads'
curl --silent --fail-with-body "$api/v1/beneficiaries/$person" -H "Authorization: Bearer $adviser"
echo
curl --silent --fail-with-body "$api/v1/beneficiaries/$person/history" -H "Authorization: Bearer $auditor" | cut -c1-400
echo
"$sira" history "$person"

echo '== A real file: 445 people of an employment programme of 1976'
nsw=$(post "$director" /v1/programmes '{
    "name": "National Supported Work", "parties": [{"name": "MDRC", "role": "implementer"}],
    "signed_on": "1975-01-01", "term_years": 4, "renewable": false}' | field id)
post "$director" "/v1/programmes/$nsw/commands/open-office" '{
    "office": "nsw", "name": "NSW", "region": "bamako", "occurred_on": "1975-01-01"}'
"$sira" import "$here/nsw_dw.csv" --map "$here/nsw_dw.toml" --set "programme=$nsw" --dry-run
"$sira" import "$here/nsw_dw.csv" --map "$here/nsw_dw.toml" --set "programme=$nsw"
echo 'Again: nothing is done twice'
"$sira" import "$here/nsw_dw.csv" --map "$here/nsw_dw.toml" --set "programme=$nsw"

echo '== Figures: each with its definition; none shows a name'
# What was written above is in the answer, or it waits.
head=$(curl --silent --fail-with-body "$api/readyz" | sed 's/.*"position":\([0-9]*\),"projections.*/\1/')
ask() { curl --silent --fail-with-body "$api/v1/analytics/$2" -H "Authorization: Bearer $1" -H "Sira-Min-Position: $head" -H "Accept: ${3:-text/csv}"; }
echo 'Later earnings, trained and not: published as 6,349 and 4,555, a difference of 1,794'
ask "$director" "indicators?programme=$nsw&name=mean_income_follow_up&group_by=trained"
ask "$director" "indicators?programme=$nsw&name=income_difference"
echo 'How far the people of each programme have come'
ask "$director" 'funnel?group_by=programme&headings=fr'
echo 'Why somebody is counted as financed: the events behind the cell'
ask "$director" "indicators/financed/why?programme=$programme" application/json
echo
echo 'An analyst is told what was published by the end of the last month: nothing of one person'
ask "$analyst" "indicators?programme=$programme&name=financed"
echo 'A frozen report gives the same figures for ever, and says what changed since'
post "$director" /v1/analytics/reports '{
    "name": "bilan-'"$(date +%s)"'", "subject": "funnel", "query": "programme='"$programme"'"}'

echo '== Evidence: her whole path in one file, checked by somebody who has the key and nothing else'
key=$("$sira" evidence key)
echo "verifier key: $key"
proofs=$(mktemp -d)
program=$(cd "$(dirname "$sira")" && pwd)/$(basename "$sira")
"$sira" evidence "$person" -o "$proofs/preuves.json"
# Elsewhere: no data directory, no database, no network.
(cd "$proofs" && env -u SIRA_DATA_DIR -u SIRA_DATABASE_URL "$program" verify --bundle preuves.json --key "$key")
echo 'One letter changed in it, and the check says which event is not the one that was recorded'
sed 's/2022-01-10/2022-01-11/' "$proofs/preuves.json" > "$proofs/altered.json"
"$sira" verify --bundle "$proofs/altered.json" --key "$key" && exit 1
echo '== The whole journal, from its stored bytes'
"$sira" verify --key "$key" --save "$proofs/kept.checkpoint"
"$sira" verify --key "$key" --against "$proofs/kept.checkpoint" --since "$proofs/kept.checkpoint"
rm -r "$proofs"
