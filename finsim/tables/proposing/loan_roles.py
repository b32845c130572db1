"""Roles of a loan tape: words of its headers, and what they do not tell; doubts about them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from finsim.tables.schema import Field

# Role -> further headers that may mean it, folded (NFKC, casefold, letters and digits); the first one wins.
LOAN_WORDS: Mapping[str, str] = {
    "id": "loanid kreditnummer kreditid vertragsnummer numprestamo idprestamo numérodeprêt"
    " facilityid 契約番号 贷款编号"
    " kreditnr darlehensnr darlehensnummer darlehensid numerodepret numerodupret numeropret"
    " numerocredit numeroprestamo numerodeprestamo numerocredito numeroprestito numeromutuo"
    " numeroemprestimo numerodoemprestimo leningnummer kredietnummer"
    " loanref loanreference loannum accountref agreementno agreementnumber facilityno"
    " facilityref facilityreference contractreference contractref dealid exposureid vertragsnr vertragid"
    " kontonummer numpret refpret referencepret noprestamo nprestamo idoperacion numerooperacion"
    " codigoprestamo refprestamo contrato idprestito codiceprestito numerofinanziamento idemprestimo"
    " idcontrato leningid leningnr kredietnr",
    "obligor": "obligorid kundennummer idcliente kunde kundennr customer customerno client cliente"
    " debitor schuldner kreditnehmer kreditnehmernr emprunteur prestatario mutuatario devedor"
    " kredietnemer klant klantnummer",
    "amount": "amount originalbalance originalamount originalupb origupb principal fundedamnt"
    " disbursementgross grappv limitbal creditlimit kreditbetrag darlehensbetrag"
    " importe monto montant importo valor origamount originalprincipalbalance origbal 借入額 贷款金额"
    " kreditsumme darlehenssumme kredithohe darlehenshohe montantdupret montantpret montantducredit"
    " importeprestamo importedelprestamo importoprestito importomutuo importofinanziato"
    " valordoemprestimo montantedoemprestimo leenbedrag kredietbedrag hoofdsom"
    " limit originallimit facilitylimit loanlimit originalloanamount originalprincipal"
    " advanceamount sanctionedamount approvedamount commitment disbursedamount amountfinanced"
    " financedamount amountlent initialbalance originaladvance ursprungsbetrag nennbetrag"
    " auszahlungsbetrag kreditlimit finanzierungsbetrag bewilligterbetrag montantinitial"
    " montantaccorde montantoctroye capitalemprunte capitalinitial importeinicial"
    " importeconcedido importeoriginal capitalinicial principalinicial capitalconcedido limite"
    " importooriginario importoerogato importoiniziale capitaleiniziale valorcontratado"
    " valorinicial valorfinanciado montanteinicial oorspronkelijkbedrag leningbedrag limiet"
    " betrag summe bedrag montante darlehen kapital nennwert darlehensvolumen kreditvolumen capital valore"
    " amtfin amtfinanced amountfin financedamt origamt loanamt origloanamt origloanamount",
    "balance": "balance outstanding outprncp currentupb balancegross ead0 restschuld saldo"
    " saldovivo encours remainingbalance balanceremaining currentbalance curbal 残高 余额"
    " restsaldo restkapital capitalrestantdu capitalpendiente debitoresiduo saldodevedor"
    " restantbedrag openstaandsaldo"
    " outstandingamount balanceoutstanding outstandingprincipal principaloutstanding"
    " principalbalance currentprincipal currentprincipalbalance closingbalance drawnbalance"
    " unpaidprincipalbalance unpaidbalance upb amountoutstanding amountowed restvaluta"
    " restbetrag aktuellersaldo offenerbetrag aussenstand restforderung solde soldecourant"
    " capitalrestant saldopendiente saldoactual principalpendiente deudapendiente saldoresiduo"
    " capitaleresiduo saldoatual capitalemdivida valoremdivida huidigsaldo uitstaandbedrag"
    " currbal curprinbal currprinbal prinbal outstandingbal remainingbal endbal",
    "rate": "rate interest zinssatz zins tasa tipo tasainteres tauxintérêt taux tasso coupon"
    " originalinterestrate noterate 金利 利率"
    " sollzins sollzinssatz nominalzins nominalzinssatz effektivzins effektivzinssatz kreditzins"
    " tauxdinteret tauxnominal tipodeinteres tasadeinteres tassodinteresse tassointeresse taxadejuro"
    " taxadejuros taxajuros rente rentepercentage rentevoet"
    " currentrate couponrate annualrate nominalrate apr loanrate customerrate contractrate"
    " currentinterestrate zinssatzpa kundenzins tauxannuel tipointeres tipoaplicado tipoactual"
    " tiponominal interes tasanominal tassonominale tan taxa taxanominal rentetarief"
    " intrate contractapr noteapr",
    "term": "termmonths loanterm originalterm origterm laufzeit plazo durée duree durata plazomeses"
    " 期間 期限"
    " laufzeitmonate laufzeitinmonaten laufzeitinmonat laufzeitmon kreditlaufzeit dureemois"
    " dureeenmois plazoenmeses plazomeses duratamesi duratainmesi prazo prazomeses prazoemmeses"
    " looptijd looptijdmaanden looptijdinmaanden"
    " originaltermmonths tenor tenormonths tenure numberofinstalments noofinstalments"
    " laufzeitmonaten nombredemensualites numerocuotas numerodecuotas numerorate"
    " numeroprestacoes aantaltermijnen"
    " loantermmonths contractterm origtermmonths termmos termmths",
    "opened": "opened openedon issued issuemonth origination startdate disbursementdate"
    " approvaldate fechaapertura auszahlungsdatum issued issuem opendate"
    " firstpaymentdate 開始日"
    " auszahlung auszahlungstag kreditbeginn datedeblocage datedoctroi fechaconcesion"
    " fechadeconcesion dataerogazione datacontratacao startdatum ingangsdatum"
    " loanstartdate drawdowndate completiondate fundingdate accountopendate openeddate"
    " dateopened dateoforigination origdate advancedate contractdate signingdate inceptiondate"
    " vertragsbeginn vertragsdatum valutierungsdatum abschlussdatum kreditstart beginndatum"
    " datededebut datedorigine dateoctroi datedesignature datedudebut fechainicio"
    " fechadeinicio fechaformalizacion fechadeformalizacion fechaorigen fechafirma"
    " fechadefirma datadierogazione datastipula datainizio datadiinizio datainicio"
    " datadeinicio datadecontratacao dataconcessao begindatum aanvangsdatum"
    " origdt originationdt fundeddate funddate bookeddate",
    "months_on_book": "monthsonbook mob loanage",
    "pd": "pd pd12m ausfallwahrscheinlichkeit",
    "lgd": "lgd severity lossseverity lossgivendefault lossrate lossratio realizedlgd realisedlgd observedlgd"
    " actuallgd losspct verlustquote verlustrate verlustquotebeiausfall verlustbeiausfall ausfallverlust"
    " lgdist tauxdeperte tauxdeperteendefaut perteencasdedefaut tasadeperdida severidad perdidaencasodeimpago"
    " perdidadadoincumplimiento tassodiperdita perditaincasodidefault taxadeperda perdadadoincumprimento"
    " verliespercentage verliesgegevenwanbetaling verliesbijwanbetaling",
    "ead": "ead exposure",
    "grade": "subgrade ratinggrade bonität score riskgrade"
    " riskband internalrating creditgrade loangrade riskrating creditrating ratingclass"
    " ratingklasse ratingstufe ratingnote risikoklasse bonitatsklasse bonitatsstufe"
    " classederisque notation calificacion calificacioncrediticia grado classerating"
    " classedirischio classificacao notacao risicoklasse"
    " credittier risktier scoreband ficoband creditband",
    "sector": "sector industry naics branche sectoractividad secteur"
    " industrysector sectorname wirtschaftszweig secteurdactivite sectoreconomico settore"
    " settoreattivita setor bedrijfstak",
    "class": "class loanclass assetclass producttype product segment",
    "purpose": "purpose verwendungszweck finalidad objet"
    " zweck kreditzweck darlehenszweck finalite objetdupret destino finalidad finalita scopo"
    " finalidade doel leendoel bestedingsdoel",
    "outcome": "bad defaulted isdefault loanstatus status misstatus defaultflag"
    " defaultpaymentnextmonth estado ausfall deny badloan chargeoff stato statut y"
    " target outcome"
    " accountstatus performancestatus defaultstatus arrearsstatus loanstate kreditstatus"
    " zahlungsstatus darlehensstatus situacion situation situacao statoprestito esito"
    " estadoprestamo estadodelprestamo leningstatus kredietstatus",
    "collateral": "collateral collateralvalue security sicherheit garantía garantia valorgarantia"
    " sicherheitenwert sicherheitswert wertdersicherheit sicherheiten beleihungswert immobilienwert"
    " valeurgarantie valeurdelagarantie valordelagarantia valoregaranzia garanzia valordagarantia"
    " onderpand onderpandwaarde waardeonderpand"
    " propertyvalue valuation securityvalue valorvivienda valordetasacion valortasacion"
    " valoreimmobile valordoimovel originalvaluation originalpropertyvalue",
    "currency": "currency ccy währung waehrung moneda divisa devise valuta 通貨",
    "income": "income annualincome annualinc einkommen ingresos revenu reddito renta applicantincome"
    " nettoeinkommen monatseinkommen monatsnettoeinkommen haushaltseinkommen einkommennetto"
    " revenunet revenumensuel ingresosnetos ingresosmensuales redditonetto redditomensile rendimento"
    " rendimentoliquido rendamensal inkomen nettoinkomen"
    " monthlyinc grossincome grossmonthlyincome statedincome grossannualincome",
    "age": "age alter edad âge età idade borrowerage leeftijd idade",
}
_FOUND = {
    "id": ("id", "`{name}`: taken for the number of the loan, as no other column is named so"),
    "opened": ("date", "`{name}`: taken for the day on which the loan began, as no other column is named so"),
}
CLASSES = frozenset(("auto", "cards", "consumer", "corporate", "cre", "heloc", "mortgage"))
"""The classes of loans that the credit model knows."""


def without_other_classes(named: Mapping[str, str], cells: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """Return header -> role without a class whose words are no classes of loans: tracker and fixed, say."""
    return {
        header: role
        for header, role in named.items()
        if role != "class" or {one.strip() for one in cells[header] if one.strip()} <= CLASSES
    }


def complete_loans(fields: dict[str, Field], said: dict[str, tuple[str, ...]]) -> None:
    """Give the first identifier and the first date without a role the roles that a tape needs; add doubts.

    ``fields`` and ``said`` (doubts by declared name) are changed.
    """
    for role, (kind, doubt) in _FOUND.items():
        if any(field.role == role for field in fields.values()):
            continue
        name = next((one for one, field in fields.items() if field.type == kind and not field.role), None)
        if name is not None:
            fields[name] = replace(fields[name], role=role)
            said[name] = (*said[name], doubt.format(name=name))
    for name, field in fields.items():
        if field.role == "income":
            note = f"`{name}`: read as income per month; a study declares `per: year` where it is yearly"
            said[name] = (*said[name], note)
