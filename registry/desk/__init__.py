"""The desk: one signed-in officer's acts and questions, one file a counter.

desk         the desk itself; signing in by challenge; the public's desk
session      who acts, and the signature that only his process can make
muniments    lodge, revise, withdraw, open
bodies       lines of a load with bodies, made ready
loads        recognise, try, load, go on
officers     enrol, appoint, revoke, confirm, departments
counter_page a receipt as one printed page
day          what an officer may do now, the newest acts, the loads
lookups      find, show, history
receipts     an entry to take away, with all that makes it mean something
views        how entries look to whoever may see them
checkpoints  the checkpoints as blocks
audit        everything read again and compared
status       the registry at a glance
services     the rooms that the office hands over
"""
