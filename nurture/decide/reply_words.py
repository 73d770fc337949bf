"""The words by which letters are told apart, in the languages of the starter book and of its neighbours.

Stop-words are whole sayings: they count only when a letter says (nearly) nothing else. They are written plainly and
compared folded (`replies.folded`): without case, accents, vowel signs, apostrophes and other forms of one letter.
"""

STOP = """
stop | stop it | stop it now | stop now | stop this | stop that | stop all | stop everything | stop mail | stop
mails | stop email | stop emails | stop the mails | stop the emails | stop these mails | stop these emails | stop
sending | stop sending me mails | stop sending me emails | stop sending me email | stop sending emails | stop
sending mails | stop sending me these | stop sending me this | stop sending these emails | stop sending me these
emails | stop emailing | stop emailing me | stop mailing me | stop writing | stop writing me | stop writing to me |
stop contacting me | stop spamming me | stop your emails | stop stop stop | stop stop | no more mail | no more mails
| no more email | no more emails | end | quit | unsubscribe | unsubscribe me | unsubscribe now | unsubscribe all |
could you please unsubscribe me | can you please unsubscribe me | please unsubscribe me | unsubscribe me now |
unsubscribe me from this list | unsubscribe me from your list | unsubscribe me from your mailing list | unsubscribe
me from this mailing list | unsubscribe me from all | unsubscribe me from everything | unsubscribe from all |
unsubscribe from this list | unsubscribe me from your newsletter | unsubscribe me from the newsletter | unsubscribe
me from this newsletter | unsubscribe me from your emails | unsubscribe me from all emails | unsubscribe my address
| unsubscribe this address | unsubscribe this email address | i want to unsubscribe | i would like to unsubscribe |
i wish to unsubscribe | id like to unsubscribe | could you unsubscribe me | can you unsubscribe me | would you
unsubscribe me | opt out | optout | opt me out | i opt out | i want to opt out | remove | remove me | take me off |
remove me from your list | remove me from this list | remove me from the list | remove me from your mailing list |
remove me from this mailing list | remove me from all lists | remove my address | remove my email | remove my email
address | delete my address from your list | take me off your list | take me off this list | take me off the list |
take me off your mailing list | take me off this mailing list | do not email me | do not email me again | do not
email me any more | do not write to me | do not write to me again | do not write to me any more | do not contact me
| do not contact me again | do not contact me any more | do not send me emails | do not send me any more emails | do
not send me mails | do not send me any more mails | dont email me | dont email me again | dont email me anymore |
dont write to me | dont write to me again | dont write to me anymore | dont contact me | dont contact me again |
dont contact me anymore | dont send me emails | dont send me any more emails | dont send me mails | dont send me any
more mails | dont send me anything | do not send me anything | leave me alone | arrêt | arrêtez | arrêter | arrête |
arrêtez ça | arrêtez tout | arrêtez les mails | arrêtez de m'écrire | arrêtez de m'envoyer des mails | arrêtez de
m'envoyer vos mails | désabonner | désabonnez-moi | me désabonner | désabonnement | je veux me désabonner | je
souhaite me désabonner | je voudrais me désabonner | désabonnez-moi de cette liste | désabonnez-moi de votre liste |
désinscrire | désinscrivez-moi | me désinscrire | désinscription | je veux me désinscrire | je souhaite me
désinscrire | je voudrais me désinscrire | désinscrivez-moi de cette liste | désinscrivez-moi de votre liste |
désinscrivez-moi de votre newsletter | désinscrire de la liste | retirez-moi de votre liste | retirez-moi de cette
liste | retirez-moi de la liste | supprimez mon adresse | enlevez-moi de votre liste | enlevez-moi de cette liste |
plus de mails | plus de mail | plus d'e-mails | plus d'emails | ne m'écrivez plus | ne m'envoyez plus de mails | ne
m'envoyez plus rien | ne m'envoyez plus d'emails | ne me contactez plus | je ne veux plus de mails | je ne veux plus
recevoir vos mails | je ne veux plus recevoir de mails | je ne souhaite plus recevoir vos mails | je ne souhaite
plus recevoir de mails | je ne souhaite plus recevoir vos emails | pouvez-vous me désabonner | pouvez-vous me
désinscrire | stopp | halt | aufhören | abmelden | abmeldung | abbestellen | abbestellung | austragen | melden sie
mich ab | meldet mich ab | melde mich ab | ich möchte mich abmelden | ich will mich abmelden | ich moechte mich
abmelden | ich melde mich ab | hiermit melde ich mich ab | mich abmelden | newsletter abbestellen | newsletter
abmelden | ich bestelle den newsletter ab | hiermit bestelle ich den newsletter ab | ich möchte den newsletter
abbestellen | ich möchte den newsletter abmelden | tragen sie mich aus | trag mich aus | tragt mich aus | tragen sie
mich aus dem verteiler aus | aus dem verteiler löschen | aus dem verteiler austragen | nehmen sie mich aus dem
verteiler | nehmt mich aus dem verteiler | nimm mich aus dem verteiler | streichen sie mich aus dem verteiler |
streichen sie mich von der liste | nehmen sie mich von der liste | löschen sie meine adresse | löschen sie mich aus
dem verteiler | löschen sie mich aus ihrem verteiler | keine mails mehr | keine e-mails mehr | keine emails mehr |
keine werbung mehr | keine werbung | keine newsletter mehr | keinen newsletter mehr | keine weiteren mails | keine
weiteren e-mails | schreiben sie mir nicht mehr | schreibt mir nicht mehr | schreib mir nicht mehr | senden sie mir
keine mails mehr | schickt mir keine mails mehr | senden sie mir keine e-mails mehr | schicken sie mir keine mails
mehr | schicken sie mir keine e-mails mehr | ich möchte keine mails mehr | ich möchte keine e-mails mehr | ich will
keine mails mehr | ich will keine e-mails mehr | ich möchte keine mails mehr erhalten | ich möchte keine e-mails
mehr erhalten | ich möchte keine mails mehr bekommen | ich möchte keinen newsletter mehr | ich möchte keine
newsletter mehr erhalten | lassen sie mich in ruhe | können sie mich abmelden | können sie mich austragen | aufhoren
| hören sie auf | hört auf | hoer auf | hör auf | alto | parar | pare | para | paren | baja | darme de baja | dame
de baja | denme de baja | deme de baja | de baja | quiero darme de baja | deseo darme de baja | quisiera darme de
baja | me doy de baja | dar de baja | darse de baja | desuscribir | desuscribirme | desuscribirse | desuscríbanme |
elimíneme de la lista | elimínenme de la lista | eliminar | elimíneme de su lista | elimínenme de su lista |
quítenme de la lista | quíteme de la lista | no más correos | no más emails | no más mails | no más correo | no me
escriban más | no me escriba más | no me envíen más correos | no me envíen más emails | no me envíe más correos | no
quiero más correos | no quiero recibir más correos | no quiero más emails | no deseo recibir más correos | no me
manden más correos | dejen de escribirme | dejen de enviarme correos | pueden darme de baja | puede darme de baja |
basta | basta così | fermati | fermatevi | smettete | smettetela | cancellami | cancellatemi | cancellarmi |
disiscrivimi | disiscrivetemi | disiscrizione | disiscrivermi | voglio disiscrivermi | vorrei disiscrivermi |
annulla iscrizione | annullare l'iscrizione | cancella iscrizione | cancella la mia iscrizione | cancellatemi dalla
lista | cancellami dalla lista | toglietemi dalla lista | toglietemi dalla mailing list | rimuovetemi | rimuovimi |
rimuovetemi dalla lista | rimuovimi dalla lista | rimuovete il mio indirizzo | niente più mail | niente più email |
basta mail | basta email | non scrivetemi più | non scrivermi più | non inviatemi più mail | non inviatemi più email
| non mandatemi più mail | non mandatemi più email | non voglio più mail | non voglio più email | non voglio più
ricevere mail | non voglio più ricevere email | non voglio più ricevere le vostre mail | non desidero più ricevere
email | smettete di scrivermi | potete cancellarmi | parem | cancelar | cancelar inscrição | cancelar a inscrição |
cancelar minha inscrição | remover | removam-me | remova-me | me remova | remover da lista | me remova da lista |
remova-me da lista | removam-me da lista | retirem-me da lista | descadastrar | descadastre-me | me descadastre |
quero me descadastrar | quero cancelar a inscrição | descadastro | sair da lista | quero sair da lista | não me
escrevam mais | não me enviem mais e-mails | não me enviem mais emails | não me envie mais e-mails | não me envie
mais emails | não me mandem mais emails | chega de emails | sem mais emails | não quero mais receber e-mails | não
quero mais receber emails | não quero receber mais emails | não quero mais emails | parem de me escrever | parem de
enviar emails | pare de me enviar emails | afmelden | uitschrijven | afmelding | meld mij af | meld me af | schrijf
mij uit | schrijf me uit | ik wil me afmelden | ik wil mij afmelden | ik wil mij uitschrijven | ik wil me
uitschrijven | ik meld me af | ik meld mij af | graag afmelden | graag uitschrijven | gelieve mij uit te schrijven |
haal me van de lijst | haal mij van de lijst | haal mij van jullie lijst | verwijder mij | verwijder me | verwijder
mij van de lijst | verwijder mijn adres | verwijder mij uit jullie lijst | geen mails meer | geen mail meer | geen
e-mails meer | geen emails meer | geen nieuwsbrief meer | geen reclame meer | stuur mij geen mails meer | stuur me
geen mails meer | stuur mij geen e-mails meer | ik wil geen mails meer | ik wil geen e-mails meer | ik wil geen
mails meer ontvangen | ik wil geen e-mails meer ontvangen | ik wil geen nieuwsbrief meer | hou op | houd op | stop
met mailen | stop met het sturen van mails | kunt u mij uitschrijven | kun je me uitschrijven | dur | durdurun |
durun | iptal | iptal et | iptal edin | iptal ediniz | çık | çıkar | çıkmak istiyorum | beni çıkar | beni çıkarın |
beni çıkarınız | listeden çık | listeden çıkar | listeden çıkarın | beni listeden çıkar | beni listeden çıkarın |
beni listenizden çıkarın | listeden çıkmak istiyorum | aboneliği iptal et | aboneliği iptal | aboneliği iptal edin |
abonelikten çık | abonelikten çıkmak istiyorum | abonelikten ayrıl | abonelikten ayrılmak istiyorum | üyelikten çık
| üyelikten çıkmak istiyorum | üyelikten ayrılmak istiyorum | ret | artık yazmayın | bana yazmayın | bana artık
yazmayın | mail göndermeyin | artık mail göndermeyin | bana mail göndermeyin | bana artık mail göndermeyin | e-posta
göndermeyin | artık e-posta göndermeyin | bana e-posta göndermeyin | bana artık e-posta göndermeyin | mail atmayın |
yeter | mail istemiyorum | artık mail istemiyorum | e-posta istemiyorum | artık e-posta istemiyorum | e-posta almak
istemiyorum | artık e-posta almak istemiyorum | mail almak istemiyorum | artık mail almak istemiyorum | bir daha
yazmayın | توقف | توقفوا | قف | أوقف | أوقفوا | إيقاف | أوقفوا الرسائل | أوقف الرسائل | إيقاف الرسائل | إلغاء |
الغاء الاشتراك | إلغاء الاشتراك | إلغاء اشتراكي | ألغ اشتراكي | ألغوا اشتراكي | الغوا اشتراكي | أريد إلغاء الاشتراك
| أريد إلغاء اشتراكي | أرغب في إلغاء الاشتراك | أرجو إلغاء الاشتراك | أرجو إلغاء اشتراكي | الرجاء إلغاء الاشتراك |
الرجاء إلغاء اشتراكي | يرجى إلغاء الاشتراك | يرجى إلغاء اشتراكي | إلغاء الاشتراك من القائمة | احذفوني | احذفني |
احذفوني من القائمة | احذفني من القائمة | احذفوا عنواني | أزيلوني من القائمة | أزلني من القائمة | لا تراسلوني | لا
تراسلني | لا تراسلوني مجددا | لا تراسلوني بعد الآن | لا ترسلوا لي | لا ترسلوا لي رسائل | لا ترسلوا لي المزيد | لا
ترسلوا لي رسائل بعد الآن | لا ترسل لي رسائل | لا أريد رسائل | لا أريد رسائلكم | لا أريد المزيد من الرسائل | لا أريد
استلام رسائل | كفى | עצור | עצרו | די | הפסק | הפסיקו | הפסיקו לשלוח | תפסיקו | תפסיקו לשלוח | תפסיקו לשלוח לי
מיילים | הסר | הסירו | הסרה | להסיר | הסר אותי | הסירו אותי | תסירו אותי | הסירו אותי מהרשימה | הסר אותי מהרשימה |
תסירו אותי מהרשימה | נא להסיר | נא להסיר אותי | נא להסיר אותי מהרשימה | הסרה מהרשימה | הסירו אותי מרשימת התפוצה |
הסר אותי מרשימת התפוצה | בטל | בטלו | ביטול | ביטול הרשמה | בטלו את ההרשמה | לבטל את ההרשמה | אני רוצה להסיר את עצמי
| אני מבקש להסיר אותי | אני מבקשת להסיר אותי | אני רוצה לבטל את ההרשמה | אל תכתבו לי | אל תכתבו לי יותר | אל תשלחו
לי | אל תשלחו לי מיילים | אל תשלחו לי יותר | אל תשלחו לי יותר מיילים | לא רוצה מיילים | לא רוצה לקבל מיילים | לא
מעוניין | לא מעוניינת | אני לא רוצה מיילים | אני לא רוצה לקבל מיילים | אני לא רוצה לקבל יותר מיילים | կանգ | կանգնեք
| կանգ առեք | դադարեցնել | դադարեցրեք | դադարեք | դադարեցրեք նամակները | դադարեք ինձ գրել | դադարեցրեք նամակներ
ուղարկել | ապաբաժանորդագրվել | բաժանորդագրությունից հրաժարվել | հրաժարվել | հրաժարվում եմ | չեղարկել | չեղարկել
բաժանորդագրությունը | չեղարկեք | չեղարկեք բաժանորդագրությունս | չեղարկեք իմ բաժանորդագրությունը | ուզում եմ
հրաժարվել | ուզում եմ չեղարկել բաժանորդագրությունը | հանել | հանեք ինձ | հանեք ինձ ցուցակից | հեռացրեք ինձ |
հեռացրեք ինձ ցուցակից | ջնջեք ինձ ցուցակից | ջնջեք իմ հասցեն | այլևս չգրեք | ինձ այլևս մի գրեք | այլևս մի գրեք |
այլևս մի գրեք ինձ | մի գրեք ինձ | նամակներ մի ուղարկեք | ինձ նամակներ մի ուղարկեք | այլևս նամակներ մի ուղարկեք | ինձ
այլևս նամակներ մի ուղարկեք | այլևս նամակներ չեմ ուզում | նամակներ չեմ ուզում
"""

CLEAR = """
unsubscribe | optout | opt out | désabonne | désabonner | désabonnez | désabonnement | désinscrire | désinscrivez |
désinscription | abmelden | abmeldung | abbestellen | abbestellung | austragen | baja | desuscribir | desuscribirme
| disiscrivimi | disiscrivetemi | disiscrizione | cancellatemi | cancellami | descadastrar | descadastre |
descadastro | afmelden | uitschrijven | afmelding | abonelikten | aboneliği | üyelikten | listeden | الاشتراك |
اشتراكي | הסר | הסירו | הסרה | բաժանորդագրությունը | բաժանորդագրությունից | ապաբաժանորդագրվել
"""
"""Words that mean leaving wherever they stand: in a subject alone they are enough."""

POLITE = """
please | pls | plz | thanks | thank you | many thanks | thx | thanks a lot | thank you very much | kindly | hi |
hello | hey | dear all | good morning | good day | dear sir or madam | dear sirs | regards | best regards | kind
regards | best | s'il vous plaît | s'il te plaît | svp | stp | merci | merci beaucoup | merci d'avance | bonjour |
bonsoir | cordialement | bien cordialement | bitte | danke | vielen dank | danke schön | besten dank | hallo | guten
tag | guten morgen | sehr geehrte damen und herren | mit freundlichen grüßen | freundliche grüße | viele grüße |
liebe grüße | mfg | lg | vg | por favor | gracias | muchas gracias | hola | buenos días | buenas tardes | saludos |
un saludo | per favore | grazie | per piacere | grazie mille | ciao | buongiorno | buonasera | salve | cordiali
saluti | distinti saluti | saluti | obrigado | obrigada | muito obrigado | muito obrigada | olá | bom dia | boa
tarde | se faz favor | cumprimentos | atenciosamente | alstublieft | alsjeblieft | aub | ajb | a u b | dank u | dank
je | bedankt | dank u wel | dank je wel | goedendag | goedemorgen | met vriendelijke groet | mvg | groeten | lütfen
| teşekkürler | teşekkür ederim | sağ olun | merhaba | merhabalar | iyi günler | selamlar | saygılarımla | من فضلك |
من فضلكم | لو سمحت | لو سمحتم | رجاء | شكرا | شكرا لكم | شكرا لك | مرحبا | السلام عليكم | تحياتي | مع التحية | بليز
| בבקשה | תודה | תודה רבה | שלום | היי | בברכה | תודה מראש | խնդրում եմ | խնդրում ենք | շնորհակալություն | շնորհակալ
եմ | բարև | բարև ձեզ | ողջույն | հարգանքով
"""
"""What may stand beside a stop-word without making it anything else."""

COMPLAINT = """
complaint | complain | unacceptable | disappointed | disappointing | broken | damaged | defective | spoiled | mouldy
| moldy | refund | money back | never arrived | not arrived | has not arrived | hasn't arrived | did not arrive |
didn't arrive | still waiting | wrong order | wrong item | worst | terrible | awful | horrible | rip off | scam |
spam | lawyer | angry | disgusting | rude | ridiculous | plainte | réclamation | inacceptable | déçu | déçue | cassé
| cassée | endommagé | abîmé | remboursement | remboursez | remboursé | jamais arrivé | jamais reçu | pas reçu | pas
arrivé | arnaque | scandaleux | honteux | beschwerde | beschweren | reklamation | reklamieren | inakzeptabel |
enttäuscht | enttäuschend | kaputt | beschädigt | defekt | verdorben | erstattung | geld zurück | nie angekommen |
nicht angekommen | unverschämt | frechheit | betrug | anwalt | verärgert | queja | reclamación | quejarme |
inaceptable | decepcionado | decepcionada | roto | rota | dañado | defectuoso | reembolso | devolución | no ha
llegado | no llegó | nunca llegó | estafa | vergüenza | reclamo | lamentela | inaccettabile | deluso | delusa |
rotto | rotta | danneggiato | difettoso | rimborso | mai arrivato | non è arrivato | truffa | vergogna | pessimo |
queixa | reclamação | inaceitável | desapontado | dececionado | decepcionante | quebrado | partido | danificado |
defeituoso | não chegou | nunca chegou | fraude | péssimo | klacht | klagen | onacceptabel | teleurgesteld | kapot |
beschadigd | defect | terugbetaling | geld terug | nooit aangekomen | niet aangekomen | oplichting | schandalig |
şikayet | şikayetçiyim | kabul edilemez | hayal kırıklığı | kırık | bozuk | hasarlı | para iadesi | iade istiyorum |
gelmedi | ulaşmadı | rezalet | berbat | dolandırıcılık | شكوى | أشتكي | غير مقبول | خيبة أمل | مكسور | تالف | معطوب
| استرداد | لم يصل | لم تصل | احتيال | سيئ جدا | תלונה | להתלונן | לא מקובל | מאוכזב | מאוכזבת | שבור | פגום | החזר
כספי | לא הגיע | לא הגיעה | הונאה | גרוע | בושה | բողոք | բողոքում | անընդունելի | հիասթափված | կոտրված | վնասված |
խոտան | փոխհատուցում | չի հասել | չի եկել | խաբեություն | վատ է
"""

QUESTION = """
how do | how can | how much | how long | how many | what is | what are | when will | when does | when is | where is
| where can | which one | who is | why did | why is | can i | could you | can you | do you | is it possible | i
wonder | would it be | comment | combien | quand | pourquoi | est-ce que | pouvez-vous | pourriez-vous | wie viel |
wie kann | wie lange | wann | warum | wieso | können sie | könnten sie | könnt ihr | kann ich | cómo | cuánto |
cuándo | dónde | por qué | podrían | pueden | come posso | quanto | quando | dove | perché | potete | potreste |
como posso | quanto custa | onde | por que | podem | hoe kan | hoeveel | wanneer | waarom | kunt u | kunnen jullie |
nasıl | ne zaman | ne kadar | neden | nerede | acaba | كيف | متى | كم | أين | لماذا | هل | איך | מתי | כמה | איפה |
למה | האם | ինչպես | երբ | որքան | ինչու | որտեղ
"""

PRAISE = """
thank you | thanks | love it | love this | love your | loved | great | wonderful | amazing | excellent | delicious |
fantastic | perfect | awesome | so happy | very happy | best coffee | well done | merci | adoré | j'adore | superbe
| génial | délicieux | parfait | excellente | bravo | danke | toll | großartig | wunderbar | lecker | köstlich |
super | ausgezeichnet | begeistert | hervorragend | gracias | me encanta | encantado | encantada | excelente |
delicioso | maravilloso | perfecto | fantástico | genial | grazie | adoro | meraviglioso | delizioso | ottimo |
perfetto | fantastico | eccellente | bravi | obrigado | obrigada | adorei | maravilhoso | perfeito | ótimo | bedankt
| heerlijk | geweldig | prachtig | fantastisch | lekker | uitstekend | teşekkürler | teşekkür ederim | harika |
mükemmel | bayıldım | çok güzel | nefis | şahane | elinize sağlık | شكرا | رائع | ممتاز | لذيذ | جميل جدا | أحببت |
أحببتها | תודה | נהדר | מעולה | מושלם | טעים | אהבתי | מדהים | כיף | շնորհակալություն | շնորհակալ եմ | հիանալի |
սքանչելի | հրաշալի | համեղ | գերազանց
"""

AWAY_SUBJECT = """
out of office | out of the office | automatic reply | auto reply | auto response | réponse automatique | absent du
bureau | absence du bureau | automatische antwort | respuesta automática | fuera de la oficina | risposta automatica
| fuori sede | fuori ufficio | resposta automática | fora do escritório | automatisch antwoord | automatische
beantwoording | otomatik yanıt | otomatik cevap | ofis dışında | ofis dışındayım | رد تلقائي | رد آلي | خارج المكتب
| מענה אוטומטי | תשובה אוטומטית | הודעה אוטומטית | מחוץ למשרד | ավտոմատ պատասխան
"""
"""How subjects begin that a machine writes for who is away."""

AWAY_HEADS = """
away | i am away | on vacation | on leave | on holiday | annual leave | absence | abwesenheitsnotiz | abwesenheit |
abwesend | außer haus | im urlaub | ausencia | assente | assenza | ausência | ausência temporária | afwezig |
afwezigheid | niet aanwezig | izindeyim | في إجازة | בחופשה | արձակուրդում | autoreply | autoresponse
"""
"""What such subjects say before their first colon or dash: alone, a person may have begun so."""

AWAY_WORDS = """
i am out of the office | i am currently out of the office | i'm out of the office | i am out of office | i'm
currently out of the office | i'm out of office | i will be out of the office | i'll be out of the office | i am
currently away | i am on annual leave | i am on leave until | i am on vacation until | i am on holiday until | this
is an automated reply | this is an automatic reply | this is an automated response | this is an auto reply | je suis
absent du bureau | je suis absente du bureau | je suis actuellement absent | je suis actuellement absente | je suis
absent jusqu | ceci est une réponse automatique | ich bin derzeit nicht im büro | ich bin zurzeit nicht im büro |
ich bin nicht im büro | ich bin derzeit nicht erreichbar | ich bin abwesend | dies ist eine automatische antwort |
estoy fuera de la oficina | me encuentro fuera de la oficina | estaré fuera de la oficina | esta es una respuesta
automática | sono fuori ufficio | sono fuori sede | sarò assente | questa è una risposta automatica | estou fora do
escritório | encontro-me ausente | esta é uma resposta automática | ik ben niet op kantoor | ik ben momenteel
afwezig | ik ben afwezig | dit is een automatisch antwoord | şu anda ofis dışındayım | ofis dışındayım | şu anda
ofiste değilim | yıllık izindeyim | bu otomatik bir yanıttır | أنا خارج المكتب | أنا حاليا خارج المكتب | هذا رد
تلقائي | אני מחוץ למשרד | אני כרגע מחוץ למשרד | זוהי הודעה אוטומטית | זהו מענה אוטומטי | ես գրասենյակում չեմ | սա
ավտոմատ պատասխան է
"""
"""How letters begin that a machine writes for who is away."""


def sayings(text: str) -> tuple[str, ...]:
    """The sayings of a list above, as written."""
    return tuple(one for part in text.split("|") if (one := " ".join(part.split())))
