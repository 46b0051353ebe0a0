"""The desk: one signed-in officer's acts and questions, one file a counter.

desk         the desk itself; signing in by challenge; the public's desk
session      who acts, and the signature that only his process can make
muniments    lodge, revise, withdraw, open
bodies       lines of a load with bodies, made ready
loads        recognise, try, load, go on, list
sources      where a load's bytes come from
officers     enrol, appoint, revoke, confirm, departments
keys         departments' keys: enrol, revoke
admission    departments sign in by assertion; their desk
departments  what only an office does for them: let in, open, record
taken        the assertions that an office took
counter_page a receipt as one printed page
day          what an officer may do now, the newest acts, the loads
lookups      find, show, history
access       what this desk may do
holdings     a muniment with its versions, as it stands or stood
evidence     entries proven against one shared checkpoint
provenance   where a muniment comes from, as a W3C PROV graph
verification is this registered? By a digest
properties   sales at one address: a search
load_register loads, looked at
readings     what one question reads of withheld material
answers      an answer, signed as a whole
receipts     an entry to take away, with all that makes it mean something
views        how entries look to whoever may see them
checkpoints  the checkpoints as blocks
audit        everything read again and compared
publication  checkpoint, policy, tiles, bundles
status       the registry at a glance
services     the rooms that the office hands over
"""
